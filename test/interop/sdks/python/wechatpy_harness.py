"""wechatpy behind lines of JSON: see test/interop/sdk-harness.ts for the protocol."""

import base64
import io
import json
import os
import sys
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "site"))

import requests  # noqa: E402
import xmltodict  # noqa: E402
from wechatpy import WeChatClient, parse_message  # noqa: E402
from wechatpy.component import WeChatComponent  # noqa: E402
from wechatpy.crypto import WeChatCrypto  # noqa: E402
from wechatpy.messages import UnknownMessage  # noqa: E402
from wechatpy.exceptions import InvalidSignatureException, WeChatException  # noqa: E402
from wechatpy.replies import (  # noqa: E402
    ArticlesReply,
    EmptyReply,
    ImageReply,
    MusicReply,
    TextReply,
    TransferCustomerServiceReply,
    VideoReply,
    VoiceReply,
)
from wechatpy.utils import WeChatSigner, check_signature  # noqa: E402

state = {"reply": None, "received": [], "platform_received": []}


def rewrite_hosts():
    """The SDK names WeChat's hosts in its code: each request goes to the simulator instead."""
    original = requests.Session.request

    def request(self, method, url, **kwargs):
        parts = urlsplit(url)
        if parts.hostname and parts.hostname.endswith("weixin.qq.com"):
            url = state["api_base"] + parts.path + ("?" + parts.query if parts.query else "")
        return original(self, method, url, **kwargs)

    requests.Session.request = request


def configure(a):
    state["api_base"] = a["apiBase"]
    state["account"] = a["account"]
    state["client"] = WeChatClient(a["account"]["appId"], a["account"]["appSecret"])
    platform = a.get("platform")
    if platform:
        state["platform"] = platform
        state["component"] = WeChatComponent(
            platform["appId"], platform["appSecret"], platform["token"], platform["aesKey"]
        )
    return None


def client():
    return state["client"]


def component():
    return state["component"]


def upload_file(a):
    return (a["name"], io.BytesIO(base64.b64decode(a["bytes"])))


def content_of(response):
    return {
        "bytes": base64.b64encode(response.content).decode(),
        "contentType": response.headers.get("content-type", ""),
    }


def tag_id(a):
    return a["id"]


def send_of(method, *names):
    def send(a):
        return getattr(client().message, method)(a["openId"], *[a[n] for n in names], account=a.get("as"))

    return send


def send_music(a):
    m = a["music"]
    return client().message.send_music(
        a["openId"], m["musicurl"], m["hqmusicurl"], m["thumb_media_id"], m["title"], m["description"]
    )


def qrcode_create(a):
    scene = {"scene_str": a["scene"]} if isinstance(a["scene"], str) else {"scene_id": a["scene"]}
    kind = "STR_SCENE" if isinstance(a["scene"], str) else "SCENE"
    data = {"action_name": ("QR_" if a["seconds"] else "QR_LIMIT_") + kind, "action_info": {"scene": scene}}
    if a["seconds"]:
        data["expire_seconds"] = a["seconds"]
    return client().qrcode.create(data)


def material_add(a):
    return client().material.add(a["type"], upload_file(a), a.get("title"), a.get("introduction"))


def component_client_send(a):
    return component().get_client_by_appid(a["appId"]).message.send_text(a["openId"], a["text"])


OPERATIONS = {
    "token": lambda a: client().fetch_access_token(),
    "send.text": send_of("send_text", "text"),
    "send.image": send_of("send_image", "mediaId"),
    "send.voice": send_of("send_voice", "mediaId"),
    "send.video": lambda a: client().message.send_video(a["openId"], a["mediaId"], a["title"], a["description"]),
    "send.music": send_music,
    "send.news": lambda a: client().message.send_articles(a["openId"], [a["article"]]),
    "send.mpnews": lambda a: client().message.send_articles(a["openId"], a["mediaId"]),
    "send.menu": lambda a: client().message.send_msg_menu(a["openId"], a["menu"]),
    "send.miniprogram": lambda a: client().message.send_mini_program_page(a["openId"], a["page"]),
    "send.card": lambda a: client().message.send_card(a["openId"], a["cardId"]),
    "media.upload": lambda a: client().media.upload(a["type"], upload_file(a)),
    "media.uploadimg": lambda a: {"url": client().media.upload_image(upload_file(a))},
    "media.get": lambda a: content_of(client().media.download(a["mediaId"])),
    "user.info": lambda a: client().user.get(a["openId"]),
    "user.list": lambda a: client().user.get_followers(a.get("next")),
    "user.batch": lambda a: {"user_info_list": client().user.get_batch(a["openIds"])},
    "user.remark": lambda a: client().user.update_remark(a["openId"], a["remark"]),
    "tags.create": lambda a: {"tag": client().tag.create(a["name"])},
    "tags.get": lambda a: {"tags": client().tag.get()},
    "tags.update": lambda a: client().tag.update(tag_id(a), a["name"]),
    "tags.delete": lambda a: client().tag.delete(tag_id(a)),
    "tags.tag": lambda a: client().tag.tag_user(tag_id(a), a["openIds"]),
    "tags.untag": lambda a: client().tag.untag_user(tag_id(a), a["openIds"]),
    "tags.of": lambda a: client().tag.get_user_tag(a["openId"]),
    "tags.members": lambda a: client().tag.get_tag_users(tag_id(a)),
    "blacklist.get": lambda a: client().tag.get_black_list(),
    "blacklist.add": lambda a: client().tag.batch_black_list(a["openIds"]),
    "blacklist.remove": lambda a: client().tag.batch_unblack_list(a["openIds"]),
    "qrcode.create": qrcode_create,
    "qrcode.show": lambda a: content_of(client().qrcode.show(a["ticket"])),
    "menu.create": lambda a: client().menu.create(a["menu"]),
    "menu.get": lambda a: client().menu.get(),
    "menu.delete": lambda a: client().menu.delete(),
    "menu.self": lambda a: client().menu.get_menu_info(),
    "menu.addConditional": lambda a: client().menu.add_conditional(a["menu"]),
    "menu.delConditional": lambda a: client().menu.del_conditional(a["menuId"]),
    "menu.tryMatch": lambda a: client().menu.try_match(a["openId"]),
    "ips.callback": lambda a: {"ip_list": client().misc.get_wechat_ips()},
    "ticket.jsapi": lambda a: client().jsapi.get_ticket("jsapi"),
    "ticket.card": lambda a: client().jsapi.get_ticket("wx_card"),
    "kf.list": lambda a: {"kf_list": client().customservice.get_accounts()},
    "kf.online": lambda a: {"kf_online_list": client().customservice.get_online_accounts()},
    "kf.add": lambda a: client().customservice.add_account(a["kfAccount"], a["nickname"], "test-password"),
    "kf.update": lambda a: client().customservice.update_account(a["kfAccount"], a["nickname"], "test-password"),
    "kf.delete": lambda a: client().customservice.delete_account(a["kfAccount"]),
    "kf.headimg": lambda a: client().customservice.upload_headimg(a["kfAccount"], upload_file(a)),
    "kf.session.create": lambda a: client().customservice.create_session(a["openId"], a["kfAccount"]),
    "kf.session.close": lambda a: client().customservice.close_session(a["openId"], a["kfAccount"]),
    "kf.session.get": lambda a: client().customservice.get_session(a["openId"]),
    "kf.session.list": lambda a: {"sessionlist": client().customservice.get_session_list(a["kfAccount"])},
    "kf.session.waiting": lambda a: client().customservice.get_wait_case(),
    "kf.records": lambda a: client().customservice.get_records(a["from"], a["to"]),
    "material.add": material_add,
    "material.get": lambda a: content_of(client().material.get(a["mediaId"])),
    "material.delete": lambda a: client().material.delete(a["mediaId"]),
    "material.count": lambda a: client().material.get_count(),
    "material.list": lambda a: client().material.batchget(a["type"], 0, 20),
    "autoreply.get": lambda a: client().message.get_autoreply_info(),
    "component.token": lambda a: component().fetch_access_token(),
    "component.preauthcode": lambda a: component().create_preauthcode(),
    "component.queryAuth": lambda a: component().query_auth(a["code"]),
    "component.info": lambda a: component().get_authorizer_info(a["appId"]),
    "component.list": lambda a: component().get_authorizer_list(),
    "component.option": lambda a: component().get_authorizer_option(a["appId"], a["option"]),
    "component.refresh": lambda a: component().refresh_authorizer_token(a["appId"], a["refreshToken"]),
    "component.send": component_client_send,
}


def fields_of(message):
    """What the SDK's typed accessors give, by WeChat's names; all of a message that it does not know."""
    if message.type == "unknown" and isinstance(message, UnknownMessage):
        return dict(message._data)
    known = {field.name: getattr(message, name) for name, field in type(message)._fields.items()}
    known["MsgType"] = message.type if message.type != "unknown" else message._data.get("MsgType")
    event = getattr(message, "event", "")
    if event:
        known["Event"] = event
    if event == "subscribe_scan":
        known["Event"] = "subscribe"
        known["EventKey"] = "qrscene_" + known["EventKey"]
    known["CreateTime"] = message._data.get("CreateTime")
    return {name: as_json(value) for name, value in known.items() if value not in (None, "")}


def as_json(value):
    if isinstance(value, datetime):
        return str(int(value.timestamp()))
    if isinstance(value, (dict, list, bool)):
        return value
    return str(value)


def reply_to(message, plan):
    kind = plan["kind"] if plan else None
    if kind is None:
        return EmptyReply()
    if kind == "text":
        return TextReply(content=plan["content"], message=message)
    if kind == "image":
        return ImageReply(media_id=plan["mediaId"], message=message)
    if kind == "voice":
        return VoiceReply(media_id=plan["mediaId"], message=message)
    if kind == "video":
        return VideoReply(
            media_id=plan["mediaId"], title=plan["title"], description=plan["description"], message=message
        )
    if kind == "music":
        return MusicReply(
            title=plan["title"],
            description=plan["description"],
            music_url=plan["url"],
            hq_music_url=plan["hqUrl"],
            thumb_media_id=plan["thumbMediaId"],
            message=message,
        )
    if kind == "news":
        return ArticlesReply(articles=plan["articles"], message=message)
    if kind == "transfer":
        return TransferCustomerServiceReply(message=message)
    raise ValueError("no reply " + kind)


def crypto_of(platform=False):
    owner = state["platform" if platform else "account"]
    return WeChatCrypto(owner["token"], owner["aesKey"], owner["appId"])


class Callback(BaseHTTPRequestHandler):
    """A callback server as wechatpy's documentation shows one; the path says which mode it plays."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        query = dict(parse_qsl(urlsplit(self.path).query))
        try:
            check_signature(state["account"]["token"], query["signature"], query["timestamp"], query["nonce"])
        except InvalidSignatureException:
            return self.answer(403, "")
        return self.answer(200, query["echostr"])

    def do_POST(self):
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode("utf-8")
        try:
            if parts.path == "/platform":
                message = component().parse_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
                state["platform_received"].append(fields_of(message) | {"InfoType": message.type})
                return self.answer(200, "success")
            encrypted = query.get("encrypt_type") == "aes"
            if encrypted:
                body = crypto_of().decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
            else:
                check_signature(
                    state["account"]["token"], query["signature"], query["timestamp"], query["nonce"]
                )
            message = parse_message(body)
            state["received"].append(fields_of(message))
            reply = reply_to(message, state["reply"]).render()
            if encrypted and reply:
                # A nonce of its own, as WeChat's sample code allows.
                reply = crypto_of().encrypt_message(reply, "own" + query["nonce"][:5])
            return self.answer(200, reply)
        except InvalidSignatureException:
            return self.answer(403, "")
        except Exception as err:  # pylint: disable=broad-except
            return self.answer(500, repr(err))

    def answer(self, status, text):
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(_):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"url": "http://127.0.0.1:%d" % server.server_port}


def plan_reply(a):
    state["reply"] = a.get("reply")


def received(a):
    name = "platform_received" if a.get("platform") else "received"
    seen, state[name] = state[name], []
    return seen


def signature_of(token, *parts):
    signer = WeChatSigner()
    signer.add_data(token, *parts)
    return signer.signature


def seal(a):
    """Query and body of a callback that the SDK's own crypto signed and, unless it is plain, sealed."""
    owner = state["platform" if a.get("platform") else "account"]
    query = {"timestamp": a["timestamp"], "nonce": a["nonce"]}
    query["signature"] = signature_of(owner["token"], a["timestamp"], a["nonce"])
    if a["mode"] == "plain":
        return {"query": urlencode(query), "body": a["xml"]}
    sealed = crypto_of(a.get("platform")).encrypt_message(a["xml"], a["nonce"], a["timestamp"])
    envelope = xmltodict.parse(sealed)["xml"]
    query["encrypt_type"] = "aes"
    query["msg_signature"] = envelope["MsgSignature"]
    body = {"ToUserName": a["to"], "Encrypt": envelope["Encrypt"]}
    if a["mode"] == "compatible":
        body = xmltodict.parse(a["xml"])["xml"] | {"Encrypt": envelope["Encrypt"]}
    return {"query": urlencode(query), "body": xmltodict.unparse({"xml": body}, full_document=False)}


def open_reply(a):
    envelope = xmltodict.parse(a["body"])["xml"]
    if "Encrypt" not in envelope:
        return envelope
    xml = crypto_of().decrypt_message(
        a["body"], envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"]
    )
    return xmltodict.parse(xml)["xml"]


CALLS = {
    "configure": configure,
    "operations": lambda _: sorted(OPERATIONS),
    "serve": serve,
    "reply": plan_reply,
    "received": received,
    "seal": seal,
    "open": open_reply,
}


def main():
    rewrite_hosts()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            work = CALLS.get(request["call"]) or OPERATIONS[request["call"]]
            answer = {"value": work(request["args"])}
        except WeChatException as err:
            answer = {"error": {"errcode": err.errcode, "message": str(err)}}
        except Exception as err:  # pylint: disable=broad-except
            answer = {"error": {"errcode": None, "message": repr(err)}}
        sys.stdout.write(json.dumps({"id": request["id"], **answer}, separators=(",", ":")) + "\n")
        sys.stdout.flush()


main()
