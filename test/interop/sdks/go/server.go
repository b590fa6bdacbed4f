package main

import (
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"context"

	wechat "github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	accountConfig "github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/util"
)

type plannedReply struct {
	Kind         string `json:"kind"`
	Content      string `json:"content"`
	MediaID      string `json:"mediaId"`
	ThumbMediaID string `json:"thumbMediaId"`
	Title        string `json:"title"`
	Description  string `json:"description"`
	URL          string `json:"url"`
	HqURL        string `json:"hqUrl"`
	KfAccount    string `json:"kfAccount"`
	Articles     []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Image       string `json:"image"`
		URL         string `json:"url"`
	} `json:"articles"`
}

// seen is what callbacks told, and what they are to be answered with.
var seen struct {
	sync.Mutex
	reply    *plannedReply
	received []args
	platform []args
	ticket   string
}

func verifyTicket() string {
	seen.Lock()
	defer seen.Unlock()
	return seen.ticket
}

func planReply(a args) (any, error) {
	seen.Lock()
	defer seen.Unlock()
	seen.reply = nil
	if a["reply"] == nil {
		return nil, nil
	}
	reply, err := into[plannedReply](a["reply"])
	seen.reply = &reply
	return nil, err
}

func takeReceived(a args) (any, error) {
	seen.Lock()
	defer seen.Unlock()
	list := &seen.received
	if a["platform"] == true {
		list = &seen.platform
	}
	taken := append([]args{}, *list...)
	*list = nil
	return taken, nil
}

// callbacks is a callback server as the SDK's documentation shows one; the path says which mode it plays.
type callbacks struct{}

func serve(args) (any, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(listener, callbacks{}) }()
	return args{"url": "http://" + listener.Addr().String()}, nil
}

func (callbacks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/platform" {
		servePlatform(w, r)
		return
	}
	own := wechat.NewWechat().GetOfficialAccount(&accountConfig.Config{
		AppID:          account.AppID,
		AppSecret:      account.AppSecret,
		Token:          account.Token,
		EncodingAESKey: account.AesKey,
		Cache:          cache.NewMemory(),
	})
	server := own.GetServer(r, w)
	server.SetMessageHandler(func(msg *message.MixMessage) *message.Reply {
		seen.Lock()
		defer seen.Unlock()
		seen.received = append(seen.received, fieldsOf(msg))
		return replyOf(seen.reply)
	})
	if err := server.Serve(); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if err := server.Send(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func servePlatform(w http.ResponseWriter, r *http.Request) {
	server := platform.GetServer(r, w)
	server.SetMessageHandler(func(msg *message.MixMessage) *message.Reply {
		seen.Lock()
		defer seen.Unlock()
		seen.platform = append(seen.platform, fieldsOf(msg))
		if msg.InfoType == message.InfoTypeVerifyTicket {
			seen.ticket = msg.ComponentVerifyTicket
		}
		return nil
	})
	if err := server.Serve(); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	// As the SDK's example for platforms does: the ticket gets the token, and WeChat its success.
	if ticket := verifyTicket(); ticket != "" {
		if _, err := platform.SetComponentAccessToken(context.Background(), ticket); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	_, _ = w.Write([]byte("success"))
}

func replyOf(plan *plannedReply) *message.Reply {
	if plan == nil {
		return nil
	}
	switch plan.Kind {
	case "text":
		return &message.Reply{MsgType: message.MsgTypeText, MsgData: message.NewText(plan.Content)}
	case "image":
		return &message.Reply{MsgType: message.MsgTypeImage, MsgData: message.NewImage(plan.MediaID)}
	case "voice":
		return &message.Reply{MsgType: message.MsgTypeVoice, MsgData: message.NewVoice(plan.MediaID)}
	case "video":
		video := message.NewVideo(plan.MediaID, plan.Title, plan.Description)
		return &message.Reply{MsgType: message.MsgTypeVideo, MsgData: video}
	case "music":
		music := message.NewMusic(plan.Title, plan.Description, plan.URL, plan.HqURL, plan.ThumbMediaID)
		return &message.Reply{MsgType: message.MsgTypeMusic, MsgData: music}
	case "news":
		var articles []*message.Article
		for _, a := range plan.Articles {
			articles = append(articles, message.NewArticle(a.Title, a.Description, a.Image, a.URL))
		}
		return &message.Reply{MsgType: message.MsgTypeNews, MsgData: message.NewNews(articles)}
	case "transfer":
		return &message.Reply{MsgType: message.MsgTypeTransfer, MsgData: message.NewTransferCustomer(plan.KfAccount)}
	}
	panic("no reply " + plan.Kind)
}

// fieldsOf is what the SDK's message holds, by WeChat's names; what is empty is left out.
func fieldsOf(msg any) args {
	found := args{}
	value := reflect.Indirect(reflect.ValueOf(msg))
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if field.Anonymous {
			for name, inner := range fieldsOf(value.Field(i).Addr().Interface()) {
				found[name] = inner
			}
			continue
		}
		if !field.IsExported() || value.Field(i).IsZero() {
			continue
		}
		read := readable(value.Field(i))
		outer, inner, nested := strings.Cut(nameOf(field), ">")
		if nested {
			found[outer] = args{inner: read}
		} else if read != nil {
			found[outer] = read
		}
	}
	return found
}

func nameOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("xml"), ",")
	if name == "" {
		return field.Name
	}
	return name
}

func readable(value reflect.Value) any {
	switch value.Kind() {
	case reflect.Pointer:
		return readable(value.Elem())
	case reflect.Struct:
		if value.Type() == reflect.TypeOf(xml.Name{}) {
			return nil
		}
		if value.CanAddr() {
			return fieldsOf(value.Addr().Interface())
		}
		return fieldsOf(value.Interface())
	case reflect.Slice:
		var list []any
		for i := range value.Len() {
			list = append(list, readable(value.Index(i)))
		}
		if len(list) == 1 {
			return list[0]
		}
		return list
	case reflect.Float64:
		return strconv.FormatFloat(value.Float(), 'f', -1, 64)
	default:
		return fmt.Sprint(value.Interface())
	}
}

func owner(a args) credentials {
	if a["platform"] == true {
		return platformAccount
	}
	return account
}

// seal makes query and body of a callback that the SDK's own crypto signed and, unless it is plain, sealed.
func seal(a args) (any, error) {
	own, timestamp, nonce, plain := owner(a), text(a, "timestamp"), text(a, "nonce"), text(a, "xml")
	query := url.Values{
		"timestamp": {timestamp},
		"nonce":     {nonce},
		"signature": {util.Signature(own.Token, timestamp, nonce)},
	}
	if text(a, "mode") == "plain" {
		return args{"query": query.Encode(), "body": plain}, nil
	}
	random := []byte(util.RandomStr(16))
	encrypted, err := util.EncryptMsg(random, []byte(plain), own.AppID, own.AesKey)
	if err != nil {
		return nil, err
	}
	query.Set("encrypt_type", "aes")
	query.Set("msg_signature", util.Signature(own.Token, timestamp, nonce, string(encrypted)))
	sealed := message.EncryptedXMLMsg{ToUserName: text(a, "to"), EncryptedMsg: string(encrypted)}
	body, err := xml.Marshal(sealed)
	if err != nil {
		return nil, err
	}
	if text(a, "mode") == "compatible" {
		body = []byte(strings.Replace(plain, "</xml>", "<Encrypt>"+string(encrypted)+"</Encrypt></xml>", 1))
	}
	return args{"query": query.Encode(), "body": string(body)}, nil
}

// open reads a passive reply by the SDK's crypto and its own reply types.
func open(a args) (any, error) {
	body := []byte(text(a, "body"))
	var outer message.ResponseEncryptedXMLMsg
	if err := xml.Unmarshal(body, &outer); err != nil {
		return nil, err
	}
	if outer.EncryptedMsg != "" {
		signed := util.Signature(account.Token, strconv.FormatInt(outer.Timestamp, 10), outer.Nonce, outer.EncryptedMsg)
		if signed != outer.MsgSignature {
			return nil, fmt.Errorf("bad signature")
		}
		_, opened, err := util.DecryptMsg(account.AppID, outer.EncryptedMsg, account.AesKey)
		if err != nil {
			return nil, err
		}
		body = opened
	}
	var common message.CommonToken
	if err := xml.Unmarshal(body, &common); err != nil {
		return nil, err
	}
	var reply any
	switch common.MsgType {
	case message.MsgTypeText:
		reply = &message.Text{}
	case message.MsgTypeImage:
		reply = &message.Image{}
	case message.MsgTypeVoice:
		reply = &message.Voice{}
	case message.MsgTypeVideo:
		reply = &message.Video{}
	case message.MsgTypeMusic:
		reply = &message.Music{}
	case message.MsgTypeNews:
		reply = &message.News{}
	case message.MsgTypeTransfer:
		reply = &message.TransferCustomer{}
	default:
		return nil, fmt.Errorf("no reply %s", common.MsgType)
	}
	if err := xml.Unmarshal(body, reply); err != nil {
		return nil, err
	}
	return fieldsOf(reply), nil
}

// menuID is a number at the SDK.
func menuID(a args) int64 {
	id, _ := strconv.ParseInt(text(a, "menuId"), 10, 64)
	return id
}
