// silenceper/wechat behind lines of JSON: see test/interop/sdk-harness.ts for the protocol.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"github.com/silenceper/wechat/v2/util"
)

type args = map[string]any

type request struct {
	ID   int    `json:"id"`
	Call string `json:"call"`
	Args args   `json:"args"`
}

type callError struct {
	Errcode *int64 `json:"errcode"`
	Message string `json:"message"`
}

type answer struct {
	ID    int        `json:"id"`
	Value any        `json:"value,omitempty"`
	Error *callError `json:"error,omitempty"`
}

type work func(args) (any, error)

var errcodeInText = regexp.MustCompile(`errcode=(-?\d+)`)

func main() {
	rewriteHosts()
	calls := map[string]work{
		"configure":  configure,
		"operations": func(args) (any, error) { return names(operations), nil },
		"serve":      serve,
		"reply":      planReply,
		"received":   takeReceived,
		"seal":       seal,
		"open":       open,
	}
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		do, known := calls[asked.Call]
		if !known {
			do, known = operations[asked.Call]
		}
		if !known {
			do = func(args) (any, error) { return nil, errors.New("no call " + asked.Call) }
		}
		value, err := do(asked.Args)
		if err := out.Encode(answerOf(asked.ID, value, err)); err != nil {
			panic(err)
		}
	}
}

func answerOf(id int, value any, err error) answer {
	if err == nil {
		return answer{ID: id, Value: value}
	}
	callErr := &callError{Message: err.Error()}
	var common *util.CommonError
	if errors.As(err, &common) {
		callErr.Errcode = &common.ErrCode
	} else if found := errcodeInText.FindStringSubmatch(err.Error()); found != nil {
		code, _ := strconv.ParseInt(found[1], 10, 64)
		callErr.Errcode = &code
	}
	return answer{ID: id, Error: callErr}
}

func text(a args, name string) string {
	switch value := a[name].(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		return fmt.Sprint(value)
	}
}

func number(a args, name string) int64 {
	value, _ := a[name].(float64)
	return int64(value)
}

func texts(a args, name string) []string {
	list, _ := a[name].([]any)
	found := make([]string, len(list))
	for i, value := range list {
		found[i] = fmt.Sprint(value)
	}
	return found
}

// into reads a part of the arguments as the SDK's own type.
func into[T any](value any) (read T, err error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return read, err
	}
	return read, json.Unmarshal(raw, &read)
}
