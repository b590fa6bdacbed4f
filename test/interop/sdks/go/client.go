package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	wechat "github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/credential"
	domainOpenAPI "github.com/silenceper/wechat/v2/domain/openapi"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/basic"
	accountConfig "github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/customerservice"
	"github.com/silenceper/wechat/v2/officialaccount/material"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/officialaccount/user"
	"github.com/silenceper/wechat/v2/openplatform"
	platformConfig "github.com/silenceper/wechat/v2/openplatform/config"
	"github.com/silenceper/wechat/v2/util"
)

type credentials struct {
	AppID     string `json:"appId"`
	AppSecret string `json:"appSecret"`
	Token     string `json:"token"`
	AesKey    string `json:"aesKey"`
}

var (
	apiBase         string
	account         credentials
	platformAccount credentials
	official        *officialaccount.OfficialAccount
	platform        *openplatform.OpenPlatform
	stable          *credential.StableAccessToken
)

// rewriteHosts sends what is for WeChat's hosts, which the SDK names in its code, to the simulator.
func rewriteHosts() {
	util.SetURIModifier(func(uri string) string {
		parsed, err := url.Parse(uri)
		if err != nil || !strings.HasSuffix(parsed.Host, "weixin.qq.com") {
			return uri
		}
		return apiBase + parsed.RequestURI()
	})
}

func configure(a args) (any, error) {
	var err error
	apiBase = text(a, "apiBase")
	if account, err = into[credentials](a["account"]); err != nil {
		return nil, err
	}
	official = wechat.NewWechat().GetOfficialAccount(&accountConfig.Config{
		AppID:          account.AppID,
		AppSecret:      account.AppSecret,
		Token:          account.Token,
		EncodingAESKey: account.AesKey,
		Cache:          cache.NewMemory(),
	})
	handle := credential.NewStableAccessToken(account.AppID, account.AppSecret, "stable", cache.NewMemory())
	stable = handle.(*credential.StableAccessToken)
	if platform == nil {
		if platformAccount, err = into[credentials](a["platform"]); err != nil {
			return nil, err
		}
		platform = wechat.NewWechat().GetOpenPlatform(&platformConfig.Config{
			AppID:          platformAccount.AppID,
			AppSecret:      platformAccount.AppSecret,
			Token:          platformAccount.Token,
			EncodingAESKey: platformAccount.AesKey,
			Cache:          cache.NewMemory(),
		})
	}
	return nil, nil
}

func names(all map[string]work) []string {
	var found []string
	for name := range all {
		found = append(found, name)
	}
	sort.Strings(found)
	return found
}

func send(msg *message.CustomerMessage, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return nil, official.GetCustomerMessageManager().Send(msg)
}

// withFile gives the SDK a file, which it uploads by its path.
func withFile(a args, do func(path string) (any, error)) (any, error) {
	content, err := base64.StdEncoding.DecodeString(text(a, "bytes"))
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "follower-nurture-interop-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, text(a, "name"))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return nil, err
	}
	return do(path)
}

// download fetches an address that the SDK made, as its user does.
func download(address string) (any, error) {
	content, err := util.HTTPGet(address)
	if err != nil {
		return nil, err
	}
	return args{"bytes": base64.StdEncoding.EncodeToString(content)}, nil
}

func only(err error) (any, error) { return nil, err }

func named(name string, value any, err error) (any, error) { return args{name: value}, err }

func addMaterial(a args) (any, error) {
	return withFile(a, func(path string) (any, error) {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all := official.GetMaterial()
		var id, address string
		if text(a, "type") == "video" {
			id, address, err = all.AddVideoFromReader(path, text(a, "title"), text(a, "introduction"), bytes.NewReader(content))
		} else {
			id, address, err = all.AddMaterialFromReader(material.MediaType(text(a, "type")), path, bytes.NewReader(content))
		}
		return args{"media_id": id, "url": address}, err
	})
}

func createCode(a args) (any, error) {
	scene := a["scene"]
	if asNumber, ok := scene.(float64); ok {
		scene = int(asNumber)
	}
	asked := basic.NewLimitQrRequest(scene)
	if seconds := number(a, "seconds"); seconds > 0 {
		asked = basic.NewTmpQrRequest(time.Duration(seconds)*time.Second, scene)
	}
	return official.GetBasic().GetQRTicket(asked)
}

func typing(command customerservice.TypingStatus) work {
	return func(a args) (any, error) {
		return only(official.GetCustomerServiceManager().SendTypingStatus(text(a, "openId"), command))
	}
}

// asJSON is what the SDK's user writes by hand: it has no field for a rule by tag.
func asJSON(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return out.String(), err
}

func setMenu(a args) (any, error) {
	raw, err := asJSON(a["menu"])
	if err != nil {
		return nil, err
	}
	return only(official.GetMenu().SetMenuByJSON(raw))
}

func listFollowers(a args) (any, error) {
	if next := text(a, "next"); next != "" {
		return official.GetUser().ListUserOpenIDs(next)
	}
	return official.GetUser().ListUserOpenIDs()
}

func batchFollowers(a args) (any, error) {
	var asked user.BatchGetUserInfoParams
	for _, openID := range texts(a, "openIds") {
		asked.UserList = append(asked.UserList, user.BatchGetUserListItem{OpenID: openID, Lang: "zh_CN"})
	}
	return official.GetUser().BatchGetUserInfo(asked)
}

func jsTicket(args) (any, error) {
	token, err := official.GetAccessToken()
	if err != nil {
		return nil, err
	}
	return credential.GetTicketFromServer(token)
}

func sendForAccount(a args) (any, error) {
	appID := text(a, "appId")
	if _, err := platform.RefreshAuthrToken(appID, text(a, "refreshToken")); err != nil {
		return nil, err
	}
	msg := message.NewCustomerTextMessage(text(a, "openId"), text(a, "text"))
	return only(platform.GetOfficialAccount(appID).GetCustomerMessageManager().Send(msg))
}

func platformToken(args) (any, error) {
	return platform.SetComponentAccessToken(context.Background(), verifyTicket())
}

func accountInfo(a args) (any, error) {
	info, authorisation, err := platform.GetAuthrInfo(text(a, "appId"))
	return args{"authorizer_info": info, "authorization_info": authorisation}, err
}

var operations = map[string]work{
	"token": func(args) (any, error) {
		token, err := official.GetAccessToken()
		return named("access_token", token, err)
	},
	"token.stable": func(args) (any, error) {
		return stable.GetAccessTokenDirectly(context.Background(), false)
	},
	"token.stable.force": func(args) (any, error) {
		return stable.GetAccessTokenDirectly(context.Background(), true)
	},
	"send.text": func(a args) (any, error) {
		return send(message.NewCustomerTextMessage(text(a, "openId"), text(a, "text")), nil)
	},
	"send.image": func(a args) (any, error) {
		return send(message.NewCustomerImgMessage(text(a, "openId"), text(a, "mediaId")), nil)
	},
	"send.voice": func(a args) (any, error) {
		return send(message.NewCustomerVoiceMessage(text(a, "openId"), text(a, "mediaId")), nil)
	},
	"send.video": func(a args) (any, error) {
		video := &message.MediaVideo{
			MediaID:      text(a, "mediaId"),
			ThumbMediaID: text(a, "thumbMediaId"),
			Title:        text(a, "title"),
			Description:  text(a, "description"),
		}
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: message.MsgTypeVideo, Video: video}, nil)
	},
	"send.music": func(a args) (any, error) {
		music, err := into[message.MediaMusic](a["music"])
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: message.MsgTypeMusic, Music: &music}, err)
	},
	"send.news": func(a args) (any, error) {
		article, err := into[message.MediaArticles](a["article"])
		news := &message.MediaNews{Articles: []message.MediaArticles{article}}
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: message.MsgTypeNews, News: news}, err)
	},
	"send.mpnews": func(a args) (any, error) {
		part := &message.MediaResource{MediaID: text(a, "mediaId")}
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: "mpnews", Mpnews: part}, nil)
	},
	"send.article": func(a args) (any, error) {
		part := &message.MediaArticle{ArticleID: text(a, "articleId")}
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: "mpnewsarticle", Mpnewsarticle: part}, nil)
	},
	"send.menu": func(a args) (any, error) {
		part, err := into[message.MediaMsgmenu](a["menu"])
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: "msgmenu", Msgmenu: &part}, err)
	},
	"send.miniprogram": func(a args) (any, error) {
		page, err := into[message.MediaMiniprogrampage](a["page"])
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: message.MsgTypeMiniprogrampage, Miniprogrampage: &page}, err)
	},
	"send.card": func(a args) (any, error) {
		card := &message.MediaWxcard{CardID: text(a, "cardId")}
		return send(&message.CustomerMessage{ToUser: text(a, "openId"), Msgtype: "wxcard", Wxcard: card}, nil)
	},
	"typing.start": typing(customerservice.Typing),
	"typing.stop":  typing(customerservice.CancelTyping),
	"media.upload": func(a args) (any, error) {
		return withFile(a, func(path string) (any, error) {
			return official.GetMaterial().MediaUpload(material.MediaType(text(a, "type")), path)
		})
	},
	"media.uploadimg": func(a args) (any, error) {
		return withFile(a, func(path string) (any, error) {
			address, err := official.GetMaterial().ImageUpload(path)
			return named("url", address, err)
		})
	},
	"media.get": func(a args) (any, error) {
		address, err := official.GetMaterial().GetMediaURL(text(a, "mediaId"))
		if err != nil {
			return nil, err
		}
		return download(address)
	},
	"user.info":  func(a args) (any, error) { return official.GetUser().GetUserInfo(text(a, "openId")) },
	"user.list":  listFollowers,
	"user.batch": batchFollowers,
	"user.remark": func(a args) (any, error) {
		return only(official.GetUser().UpdateRemark(text(a, "openId"), text(a, "remark")))
	},
	"tags.create": func(a args) (any, error) {
		tag, err := official.GetUser().CreateTag(text(a, "name"))
		return named("tag", tag, err)
	},
	"tags.get": func(args) (any, error) {
		tags, err := official.GetUser().GetTag()
		return named("tags", tags, err)
	},
	"tags.update": func(a args) (any, error) {
		return only(official.GetUser().UpdateTag(int32(number(a, "id")), text(a, "name")))
	},
	"tags.delete": func(a args) (any, error) {
		return only(official.GetUser().DeleteTag(int32(number(a, "id"))))
	},
	"tags.tag": func(a args) (any, error) {
		return only(official.GetUser().BatchTag(texts(a, "openIds"), int32(number(a, "id"))))
	},
	"tags.untag": func(a args) (any, error) {
		return only(official.GetUser().BatchUntag(texts(a, "openIds"), int32(number(a, "id"))))
	},
	"tags.of": func(a args) (any, error) {
		ids, err := official.GetUser().UserTidList(text(a, "openId"))
		return named("tagid_list", ids, err)
	},
	"tags.members": func(a args) (any, error) {
		return official.GetUser().OpenIDListByTag(int32(number(a, "id")))
	},
	"blacklist.get": func(args) (any, error) { return official.GetUser().GetBlackList() },
	"blacklist.add": func(a args) (any, error) {
		return only(official.GetUser().BatchBlackList(texts(a, "openIds")...))
	},
	"blacklist.remove": func(a args) (any, error) {
		return only(official.GetUser().BatchUnBlackList(texts(a, "openIds")...))
	},
	"qrcode.create": createCode,
	"qrcode.show": func(a args) (any, error) {
		return download(basic.ShowQRCode(&basic.Ticket{Ticket: text(a, "ticket")}))
	},
	"menu.create": setMenu,
	"menu.get":    func(args) (any, error) { return official.GetMenu().GetMenu() },
	"menu.delete": func(args) (any, error) { return only(official.GetMenu().DeleteMenu()) },
	"menu.self":   func(args) (any, error) { return official.GetMenu().GetCurrentSelfMenuInfo() },
	"menu.addConditional": func(a args) (any, error) {
		raw, err := asJSON(a["menu"])
		if err != nil {
			return nil, err
		}
		if err := official.GetMenu().AddConditionalByJSON(raw); err != nil {
			return nil, err
		}
		// The SDK keeps no answer: its id is in the menu.
		all, err := official.GetMenu().GetMenu()
		if err != nil || len(all.Conditionalmenu) == 0 {
			return nil, err
		}
		return args{"menuid": all.Conditionalmenu[len(all.Conditionalmenu)-1].MenuID}, nil
	},
	"menu.delConditional": func(a args) (any, error) {
		return only(official.GetMenu().DeleteConditional(menuID(a)))
	},
	"menu.tryMatch": func(a args) (any, error) {
		buttons, err := official.GetMenu().MenuTryMatch(text(a, "openId"))
		return named("button", buttons, err)
	},
	"ips.callback": func(args) (any, error) {
		list, err := official.GetBasic().GetCallbackIP()
		return named("ip_list", list, err)
	},
	"ips.api": func(args) (any, error) {
		list, err := official.GetBasic().GetAPIDomainIP()
		return named("ip_list", list, err)
	},
	"quota.clear": func(args) (any, error) { return only(official.GetOpenAPI().ClearQuota()) },
	"quota.clearBySecret": func(args) (any, error) {
		return only(official.GetOpenAPI().ClearQuotaByAppSecret())
	},
	"quota.get": func(a args) (any, error) {
		return official.GetOpenAPI().GetAPIQuota(domainOpenAPI.GetAPIQuotaParams{CgiPath: text(a, "path")})
	},
	"ticket.jsapi": jsTicket,
	"kf.list": func(args) (any, error) {
		list, err := official.GetCustomerServiceManager().List()
		return named("kf_list", list, err)
	},
	"kf.online": func(args) (any, error) {
		list, err := official.GetCustomerServiceManager().OnlineList()
		if list == nil {
			list = []*customerservice.KeFuOnlineInfo{}
		}
		return named("kf_online_list", list, err)
	},
	"kf.add": func(a args) (any, error) {
		return only(official.GetCustomerServiceManager().Add(text(a, "kfAccount"), text(a, "nickname")))
	},
	"kf.update": func(a args) (any, error) {
		return only(official.GetCustomerServiceManager().Update(text(a, "kfAccount"), text(a, "nickname")))
	},
	"kf.delete": func(a args) (any, error) {
		return only(official.GetCustomerServiceManager().Delete(text(a, "kfAccount")))
	},
	"kf.invite": func(a args) (any, error) {
		return only(official.GetCustomerServiceManager().InviteBind(text(a, "kfAccount"), text(a, "wechatId")))
	},
	"kf.headimg": func(a args) (any, error) {
		return withFile(a, func(path string) (any, error) {
			return only(official.GetCustomerServiceManager().UploadHeadImg(text(a, "kfAccount"), path))
		})
	},
	"material.add": addMaterial,
	"material.delete": func(a args) (any, error) {
		return only(official.GetMaterial().DeleteMaterial(text(a, "mediaId")))
	},
	"material.count": func(args) (any, error) { return official.GetMaterial().GetMaterialCount() },
	"material.list": func(a args) (any, error) {
		return official.GetMaterial().BatchGetMaterial(material.PermanentMaterialType(text(a, "type")), 0, 20)
	},
	"draft.count": func(args) (any, error) {
		total, err := official.GetDraft().CountDraft()
		return named("total_count", total, err)
	},
	"draft.list":       func(args) (any, error) { return official.GetDraft().PaginateDraft(0, 20, true) },
	"freepublish.list": func(args) (any, error) { return official.GetFreePublish().Paginate(0, 20, true) },
	"component.token":  platformToken,
	"component.preauthcode": func(args) (any, error) {
		code, err := platform.GetPreCode()
		return named("pre_auth_code", code, err)
	},
	"component.queryAuth": func(a args) (any, error) {
		info, err := platform.QueryAuthCode(text(a, "code"))
		return named("authorization_info", info, err)
	},
	"component.refresh": func(a args) (any, error) {
		return platform.RefreshAuthrToken(text(a, "appId"), text(a, "refreshToken"))
	},
	"component.info": accountInfo,
	"component.send": sendForAccount,
}
