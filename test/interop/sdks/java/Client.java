import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import me.chanjar.weixin.common.bean.menu.WxMenu;
import me.chanjar.weixin.common.bean.result.WxMediaUploadResult;
import me.chanjar.weixin.common.enums.TicketType;
import me.chanjar.weixin.mp.api.WxMpService;
import me.chanjar.weixin.mp.api.impl.WxMpServiceImpl;
import me.chanjar.weixin.mp.bean.kefu.WxMpKefuMessage;
import me.chanjar.weixin.mp.bean.kefu.request.WxMpKfAccountRequest;
import me.chanjar.weixin.mp.bean.kefu.result.WxMpKfInfo;
import me.chanjar.weixin.mp.bean.material.WxMpMaterial;
import me.chanjar.weixin.mp.bean.material.WxMpMaterialCountResult;
import me.chanjar.weixin.mp.bean.material.WxMpMaterialUploadResult;
import me.chanjar.weixin.mp.bean.result.WxMpQrCodeTicket;
import me.chanjar.weixin.mp.bean.result.WxMpUser;
import me.chanjar.weixin.mp.bean.result.WxMpUserBlacklistGetResult;
import me.chanjar.weixin.mp.bean.result.WxMpUserList;
import me.chanjar.weixin.mp.bean.tag.WxUserTag;
import me.chanjar.weixin.mp.config.WxMpHostConfig;
import me.chanjar.weixin.mp.config.impl.WxMpDefaultConfigImpl;
import me.chanjar.weixin.mp.util.json.WxMpGsonBuilder;

/** What the SDK does as WeChat's client. Its beans are told by WeChat's names. */
final class Client {
  static WxMpDefaultConfigImpl config;
  private static WxMpService service;
  private static WxMpService stable;
  private static Path temporary;

  private Client() {}

  static Object configure(JsonObject args) throws Exception {
    if (temporary == null) {
      temporary = Files.createTempDirectory("follower-nurture-interop-");
      temporary.toFile().deleteOnExit();
    }
    config = configOf(args, false);
    service = serviceOf(config);
    stable = serviceOf(configOf(args, true));
    return null;
  }

  private static WxMpDefaultConfigImpl configOf(JsonObject args, boolean useStable) {
    JsonObject account = args.getAsJsonObject("account");
    String base = Harness.text(args, "apiBase");
    WxMpDefaultConfigImpl made = new WxMpDefaultConfigImpl();
    made.setAppId(Harness.text(account, "appId"));
    made.setSecret(Harness.text(account, "appSecret"));
    made.setToken(Harness.text(account, "token"));
    made.setAesKey(Harness.text(account, "aesKey"));
    made.setHostConfig(new WxMpHostConfig(base, base, base));
    made.setTmpDirFile(temporary.toFile());
    made.useStableAccessToken(useStable);
    return made;
  }

  private static WxMpService serviceOf(WxMpDefaultConfigImpl config) {
    WxMpService made = new WxMpServiceImpl();
    made.setWxMpConfigStorage(config);
    return made;
  }

  private static List<String> texts(JsonObject args, String name) {
    List<String> list = new ArrayList<>();
    for (JsonElement e : args.getAsJsonArray(name)) list.add(e.getAsString());
    return list;
  }

  private static byte[] bytes(JsonObject args) {
    return Base64.getDecoder().decode(Harness.text(args, "bytes"));
  }

  private static Map<String, Object> contentOf(InputStream content) throws Exception {
    return Harness.map("bytes", Base64.getEncoder().encodeToString(content.readAllBytes()));
  }

  private static Map<String, Object> contentOf(File file) throws Exception {
    byte[] content = Files.readAllBytes(file.toPath());
    Files.delete(file.toPath());
    return Harness.map("bytes", Base64.getEncoder().encodeToString(content));
  }

  private interface WithFile {
    Object use(File file) throws Exception;
  }

  /** The SDK uploads files by their path. */
  private static Object withFile(JsonObject args, WithFile work) throws Exception {
    Path folder = Files.createTempDirectory(temporary, "upload-");
    Path path = folder.resolve(Harness.text(args, "name"));
    Files.write(path, bytes(args));
    try {
      return work.use(path.toFile());
    } finally {
      Files.delete(path);
      Files.delete(folder);
    }
  }

  private static Object send(WxMpKefuMessage message) throws Exception {
    return service.getKefuService().sendKefuMessage(message);
  }

  private static Object user(WxMpUser u) {
    Map<String, Object> told = Harness.map("subscribe", u.getSubscribe() ? 1 : 0, "openid", u.getOpenId());
    if (!u.getSubscribe()) return told;
    told.put("language", u.getLanguage());
    told.put("remark", u.getRemark());
    told.put("groupid", u.getGroupId());
    told.put("subscribe_time", u.getSubscribeTime());
    told.put("tagid_list", u.getTagIds());
    told.put("subscribe_scene", u.getSubscribeScene());
    // The SDK holds a number as a text.
    told.put("qr_scene", u.getQrScene() == null ? null : Long.valueOf(u.getQrScene()));
    told.put("qr_scene_str", u.getQrSceneStr());
    return told;
  }

  private static Object tag(WxUserTag t) {
    return Harness.map("id", t.getId(), "name", t.getName(), "count", t.getCount() == null ? 0 : t.getCount());
  }

  private static Object agent(WxMpKfInfo k) {
    return Harness.map("kf_account", k.getAccount(), "kf_nick", k.getNick(), "kf_id", k.getId());
  }

  private static Object agents(List<WxMpKfInfo> list) {
    return list.stream().map(Client::agent).collect(Collectors.toList());
  }

  private static Object upload(JsonObject a) throws Exception {
    return withFile(
        a,
        file -> {
          WxMediaUploadResult r = service.getMaterialService().mediaUpload(Harness.text(a, "type"), file);
          return Harness.map("type", r.getType(), "media_id", r.getMediaId(), "thumb_media_id", r.getThumbMediaId());
        });
  }

  private static Object addMaterial(JsonObject a) throws Exception {
    return withFile(
        a,
        file -> {
          String title = Harness.text(a, "title");
          String introduction = Harness.text(a, "introduction");
          WxMpMaterial material = new WxMpMaterial(Harness.text(a, "name"), file, title, introduction);
          WxMpMaterialUploadResult r =
              service.getMaterialService().materialFileUpload(Harness.text(a, "type"), material);
          return Harness.map("media_id", r.getMediaId(), "url", r.getUrl());
        });
  }

  private static Object listMaterial(JsonObject a) throws Exception {
    var r = service.getMaterialService().materialFileBatchGet(Harness.text(a, "type"), 0, 20);
    List<Object> items = new ArrayList<>();
    for (var i : r.getItems()) items.add(Harness.map("media_id", i.getMediaId(), "name", i.getName()));
    return Harness.map("total_count", r.getTotalCount(), "item_count", r.getItemCount(), "item", items);
  }

  private static Object countMaterial(JsonObject a) throws Exception {
    WxMpMaterialCountResult r = service.getMaterialService().materialCount();
    return Harness.map("image_count", r.getImageCount(), "voice_count", r.getVoiceCount());
  }

  private static Object createCode(JsonObject a) throws Exception {
    var codes = service.getQrcodeService();
    boolean isNumber = a.getAsJsonPrimitive("scene").isNumber();
    String scene = a.get("scene").getAsString();
    Integer seconds = a.get("seconds") == null || a.get("seconds").isJsonNull() ? null : a.get("seconds").getAsInt();
    WxMpQrCodeTicket t;
    if (seconds == null) {
      t = isNumber ? codes.qrCodeCreateLastTicket(Integer.parseInt(scene)) : codes.qrCodeCreateLastTicket(scene);
    } else {
      t = isNumber
          ? codes.qrCodeCreateTmpTicket(Integer.parseInt(scene), seconds)
          : codes.qrCodeCreateTmpTicket(scene, seconds);
    }
    return Harness.map("ticket", t.getTicket(), "expire_seconds", t.getExpireSeconds(), "url", t.getUrl());
  }

  private static Object showCode(JsonObject a) throws Exception {
    WxMpQrCodeTicket t = new WxMpQrCodeTicket();
    t.setTicket(Harness.text(a, "ticket"));
    return contentOf(service.getQrcodeService().qrCodePicture(t));
  }

  /** The SDK's bean is read from what `menu/get` answers. */
  private static WxMenu menu(JsonObject a) {
    JsonObject answered = new JsonObject();
    answered.add("menu", a.get("menu"));
    return WxMenu.fromJson(answered.toString());
  }

  private static JsonElement tree(Object bean) {
    return WxMpGsonBuilder.create().toJsonTree(bean);
  }

  private static Object getMenu(JsonObject a) throws Exception {
    var m = service.getMenuService().menuGet();
    WxMenu own = new WxMenu();
    own.setButtons(m.getMenu().getButtons());
    return Harness.map("menu", Harness.GSON.fromJson(own.toJson(), JsonObject.class));
  }

  private static Object selfMenu(JsonObject a) throws Exception {
    var m = service.getMenuService().getSelfMenuInfo();
    List<Object> buttons = new ArrayList<>();
    for (var b : m.getSelfMenuInfo().getButtons()) buttons.add(Harness.map("name", b.getName()));
    return Harness.map("is_menu_open", m.getIsMenuOpen(), "selfmenu_info", Harness.map("button", buttons));
  }

  private static WxMpKefuMessage menuMessage(JsonObject a) {
    JsonObject menu = a.getAsJsonObject("menu");
    var made = WxMpKefuMessage.MSGMENU().toUser(Harness.text(a, "openId"));
    made.headContent(Harness.text(menu, "head_content")).tailContent(Harness.text(menu, "tail_content"));
    for (JsonElement e : menu.getAsJsonArray("list")) {
      JsonObject item = e.getAsJsonObject();
      made.addMenus(new WxMpKefuMessage.MsgMenu(Harness.text(item, "id"), Harness.text(item, "content")));
    }
    return made.build();
  }

  private static WxMpKefuMessage news(JsonObject a) {
    JsonObject given = a.getAsJsonObject("article");
    WxMpKefuMessage.WxArticle article = new WxMpKefuMessage.WxArticle();
    article.setTitle(Harness.text(given, "title"));
    article.setDescription(Harness.text(given, "description"));
    article.setUrl(Harness.text(given, "url"));
    article.setPicUrl(Harness.text(given, "picurl"));
    return WxMpKefuMessage.NEWS().toUser(Harness.text(a, "openId")).addArticle(article).build();
  }

  private static WxMpKefuMessage music(JsonObject a) {
    JsonObject m = a.getAsJsonObject("music");
    return WxMpKefuMessage.MUSIC()
        .toUser(Harness.text(a, "openId"))
        .title(Harness.text(m, "title"))
        .description(Harness.text(m, "description"))
        .musicUrl(Harness.text(m, "musicurl"))
        .hqMusicUrl(Harness.text(m, "hqmusicurl"))
        .thumbMediaId(Harness.text(m, "thumb_media_id"))
        .build();
  }

  private static WxMpKefuMessage page(JsonObject a) {
    JsonObject p = a.getAsJsonObject("page");
    return WxMpKefuMessage.MINIPROGRAMPAGE()
        .toUser(Harness.text(a, "openId"))
        .title(Harness.text(p, "title"))
        .appId(Harness.text(p, "appid"))
        .pagePath(Harness.text(p, "pagepath"))
        .thumbMediaId(Harness.text(p, "thumb_media_id"))
        .build();
  }

  private static WxMpKfAccountRequest agentRequest(JsonObject a) {
    return new WxMpKfAccountRequest(
        Harness.text(a, "kfAccount"), Harness.text(a, "nickname"), Harness.text(a, "wechatId"));
  }

  static Map<String, Harness.Work> operations() {
    Map<String, Harness.Work> all = new LinkedHashMap<>();
    addTokens(all);
    addSending(all);
    addMedia(all);
    addFollowers(all);
    addCodesAndMenus(all);
    addAgents(all);
    return all;
  }

  private static void addTokens(Map<String, Harness.Work> all) {
    all.put("token", a -> Harness.map("access_token", service.getAccessToken(true)));
    all.put("token.stable", a -> Harness.map("access_token", stable.getAccessToken()));
    all.put("token.stable.force", a -> Harness.map("access_token", stable.getAccessToken(true)));
    all.put("ticket.jsapi", a -> Harness.map("ticket", service.getTicket(TicketType.JSAPI, true)));
    all.put("ticket.card", a -> Harness.map("ticket", service.getTicket(TicketType.WX_CARD, true)));
    all.put("ips.callback", a -> Harness.map("ip_list", service.getCallbackIP()));
    all.put(
        "callback.check",
        a -> {
          var checked = service.netCheck("all", "DEFAULT");
          return Harness.map("dns", checked.getDnsInfos(), "ping", checked.getPingInfos());
        });
    all.put(
        "quota.clear",
        a -> {
          service.clearQuota(config.getAppId());
          return null;
        });
    all.put(
        "autoreply.get",
        a -> {
          var r = service.getCurrentAutoReplyInfo();
          return Harness.map(
              "is_add_friend_reply_open", r.getIsAddFriendReplyOpen() ? 1 : 0,
              "is_autoreply_open", r.getIsAutoReplyOpen() ? 1 : 0);
        });
    all.put("draft.count", a -> Harness.map("total_count", service.getDraftService().countDraft()));
    all.put(
        "draft.list",
        a -> Harness.map("total_count", service.getDraftService().listDraft(0, 20, 1).getTotalCount()));
    all.put(
        "freepublish.list",
        a ->
            Harness.map(
                "total_count", service.getFreePublishService().getPublicationRecords(0, 20, 1).getTotalCount()));
  }

  private static void addSending(Map<String, Harness.Work> all) {
    all.put(
        "send.text",
        a -> send(WxMpKefuMessage.TEXT().toUser(Harness.text(a, "openId")).content(Harness.text(a, "text")).build()));
    all.put(
        "send.text.as",
        a -> {
          WxMpKefuMessage m =
              WxMpKefuMessage.TEXT().toUser(Harness.text(a, "openId")).content(Harness.text(a, "text")).build();
          m.setKfAccount(Harness.text(a, "as"));
          return send(m);
        });
    all.put(
        "send.image",
        a -> send(WxMpKefuMessage.IMAGE().toUser(Harness.text(a, "openId")).mediaId(Harness.text(a, "mediaId")).build()));
    all.put(
        "send.voice",
        a -> send(WxMpKefuMessage.VOICE().toUser(Harness.text(a, "openId")).mediaId(Harness.text(a, "mediaId")).build()));
    all.put(
        "send.video",
        a ->
            send(
                WxMpKefuMessage.VIDEO()
                    .toUser(Harness.text(a, "openId"))
                    .mediaId(Harness.text(a, "mediaId"))
                    .thumbMediaId(Harness.text(a, "thumbMediaId"))
                    .title(Harness.text(a, "title"))
                    .description(Harness.text(a, "description"))
                    .build()));
    all.put("send.music", a -> send(music(a)));
    all.put("send.news", a -> send(news(a)));
    all.put(
        "send.mpnews",
        a -> send(WxMpKefuMessage.MPNEWS().toUser(Harness.text(a, "openId")).mediaId(Harness.text(a, "mediaId")).build()));
    all.put(
        "send.article",
        a ->
            send(
                WxMpKefuMessage.MPNEWSARTICLE()
                    .toUser(Harness.text(a, "openId"))
                    .articleId(Harness.text(a, "articleId"))
                    .build()));
    all.put("send.menu", a -> send(menuMessage(a)));
    all.put("send.miniprogram", a -> send(page(a)));
    all.put(
        "send.card",
        a -> send(WxMpKefuMessage.WXCARD().toUser(Harness.text(a, "openId")).cardId(Harness.text(a, "cardId")).build()));
    all.put("typing.start", a -> service.getKefuService().sendKfTypingState(Harness.text(a, "openId"), "Typing"));
    all.put(
        "typing.stop", a -> service.getKefuService().sendKfTypingState(Harness.text(a, "openId"), "CancelTyping"));
  }

  private static void addMedia(Map<String, Harness.Work> all) {
    all.put("media.upload", Client::upload);
    all.put(
        "media.uploadimg",
        a -> withFile(a, f -> Harness.map("url", service.getMaterialService().mediaImgUpload(f).getUrl())));
    all.put("media.get", a -> contentOf(service.getMaterialService().mediaDownload(Harness.text(a, "mediaId"))));
    all.put("material.add", Client::addMaterial);
    all.put(
        "material.get",
        a -> contentOf(service.getMaterialService().materialImageOrVoiceDownload(Harness.text(a, "mediaId"))));
    all.put("material.delete", a -> service.getMaterialService().materialDelete(Harness.text(a, "mediaId")));
    all.put("material.count", Client::countMaterial);
    all.put("material.list", Client::listMaterial);
  }

  private static void addFollowers(Map<String, Harness.Work> all) {
    all.put("user.info", a -> user(service.getUserService().userInfo(Harness.text(a, "openId"))));
    all.put(
        "user.list",
        a -> {
          WxMpUserList l = service.getUserService().userList(Harness.text(a, "next"));
          return Harness.map(
              "total", l.getTotal(), "count", l.getCount(), "data", Harness.map("openid", l.getOpenids()));
        });
    all.put(
        "user.batch",
        a ->
            Harness.map(
                "user_info_list",
                service.getUserService().userInfoList(texts(a, "openIds")).stream()
                    .map(Client::user)
                    .collect(Collectors.toList())));
    all.put(
        "user.remark",
        a -> {
          service.getUserService().userUpdateRemark(Harness.text(a, "openId"), Harness.text(a, "remark"));
          return null;
        });
    var tags = "tags.";
    all.put(tags + "create", a -> Harness.map("tag", tag(service.getUserTagService().tagCreate(Harness.text(a, "name")))));
    all.put(
        tags + "get",
        a ->
            Harness.map(
                "tags", service.getUserTagService().tagGet().stream().map(Client::tag).collect(Collectors.toList())));
    all.put(
        tags + "update", a -> service.getUserTagService().tagUpdate(a.get("id").getAsLong(), Harness.text(a, "name")));
    all.put(tags + "delete", a -> service.getUserTagService().tagDelete(a.get("id").getAsLong()));
    all.put(
        tags + "tag",
        a ->
            service.getUserTagService()
                .batchTagging(a.get("id").getAsLong(), texts(a, "openIds").toArray(new String[0])));
    all.put(
        tags + "untag",
        a ->
            service.getUserTagService()
                .batchUntagging(a.get("id").getAsLong(), texts(a, "openIds").toArray(new String[0])));
    all.put(
        tags + "of",
        a -> Harness.map("tagid_list", service.getUserTagService().userTagList(Harness.text(a, "openId"))));
    all.put(
        tags + "members",
        a -> {
          var l = service.getUserTagService().tagListUser(a.get("id").getAsLong(), "");
          return Harness.map("count", l.getCount(), "data", Harness.map("openid", l.getData().getOpenidList()));
        });
    all.put(
        "blacklist.get",
        a -> {
          WxMpUserBlacklistGetResult l = service.getBlackListService().getBlacklist("");
          return Harness.map("total", l.getTotal(), "data", Harness.map("openid", l.getOpenidList()));
        });
    all.put(
        "blacklist.add",
        a -> {
          service.getBlackListService().pushToBlacklist(texts(a, "openIds"));
          return null;
        });
    all.put(
        "blacklist.remove",
        a -> {
          service.getBlackListService().pullFromBlacklist(texts(a, "openIds"));
          return null;
        });
  }

  private static void addCodesAndMenus(Map<String, Harness.Work> all) {
    all.put("qrcode.create", Client::createCode);
    all.put("qrcode.show", Client::showCode);
    all.put("menu.create", a -> service.getMenuService().menuCreate(menu(a)));
    all.put("menu.get", Client::getMenu);
    all.put(
        "menu.delete",
        a -> {
          service.getMenuService().menuDelete();
          return null;
        });
    all.put("menu.self", Client::selfMenu);
    all.put("menu.addConditional", a -> Harness.map("menuid", service.getMenuService().menuCreate(a.get("menu").toString())));
    all.put(
        "menu.delConditional",
        a -> {
          service.getMenuService().menuDelete(Harness.text(a, "menuId"));
          return null;
        });
    all.put("menu.tryMatch", a -> tree(service.getMenuService().menuTryMatch(Harness.text(a, "openId"))));
  }

  private static void addAgents(Map<String, Harness.Work> all) {
    all.put("kf.list", a -> Harness.map("kf_list", agents(service.getKefuService().kfList().getKfList())));
    all.put(
        "kf.online",
        a -> Harness.map("kf_online_list", agents(service.getKefuService().kfOnlineList().getKfOnlineList())));
    all.put("kf.add", a -> service.getKefuService().kfAccountAdd(agentRequest(a)));
    all.put("kf.update", a -> service.getKefuService().kfAccountUpdate(agentRequest(a)));
    all.put("kf.invite", a -> service.getKefuService().kfAccountInviteWorker(agentRequest(a)));
    all.put("kf.delete", a -> service.getKefuService().kfAccountDel(Harness.text(a, "kfAccount")));
    all.put(
        "kf.headimg",
        a -> withFile(a, f -> service.getKefuService().kfAccountUploadHeadImg(Harness.text(a, "kfAccount"), f)));
    all.put(
        "kf.session.create",
        a -> {
          service.getKefuService().kfSessionCreate(Harness.text(a, "openId"), Harness.text(a, "kfAccount"));
          return null;
        });
    all.put(
        "kf.session.close",
        a -> service.getKefuService().kfSessionClose(Harness.text(a, "openId"), Harness.text(a, "kfAccount")));
    all.put(
        "kf.session.get",
        a -> Harness.map("kf_account", service.getKefuService().kfSessionGet(Harness.text(a, "openId")).getKfAccount()));
    all.put(
        "kf.session.list",
        a ->
            Harness.map(
                "sessionlist",
                service.getKefuService().kfSessionList(Harness.text(a, "kfAccount")).getKfSessionList().stream()
                    .map(s -> Harness.map("openid", s.getOpenid()))
                    .collect(Collectors.toList())));
    all.put("kf.session.waiting", a -> tree(service.getKefuService().kfSessionGetWaitCase()));
    all.put(
        "kf.records",
        a -> {
          Date from = new Date(a.get("from").getAsLong() * 1000);
          Date to = new Date(a.get("to").getAsLong() * 1000);
          var l = service.getKefuService().kfMsgList(from, to, 1L, 1000);
          return Harness.map("recordlist", l.getRecords() == null ? List.of() : tree(l.getRecords()));
        });
  }
}
