import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.thoughtworks.xstream.annotations.XStreamAlias;
import com.thoughtworks.xstream.annotations.XStreamImplicit;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import me.chanjar.weixin.common.util.XmlUtils;
import me.chanjar.weixin.common.util.crypto.SHA1;
import me.chanjar.weixin.common.util.crypto.WxCryptUtil;
import me.chanjar.weixin.mp.bean.message.WxMpXmlMessage;
import me.chanjar.weixin.mp.bean.message.WxMpXmlOutMessage;
import me.chanjar.weixin.mp.bean.message.WxMpXmlOutNewsMessage;
import me.chanjar.weixin.mp.util.crypto.WxMpCryptUtil;

/** A callback server as the SDK's documentation shows one, and the SDK's crypto as WeChat uses it. */
final class Callbacks {
  private static final List<Object> received = new ArrayList<>();
  private static JsonObject reply;

  private Callbacks() {}

  static Map<String, Harness.Work> calls() {
    Map<String, Harness.Work> all = new LinkedHashMap<>();
    all.put("serve", Callbacks::serve);
    all.put("reply", Callbacks::plan);
    all.put("received", Callbacks::take);
    all.put("seal", Callbacks::seal);
    all.put("open", Callbacks::open);
    return all;
  }

  private static Object serve(JsonObject args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(
        "/",
        exchange -> {
          String text;
          int status = 200;
          try {
            text = answer(exchange);
          } catch (SecurityException err) {
            status = 403;
            text = "";
          } catch (Exception err) {
            status = 500;
            text = String.valueOf(err);
          }
          byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          if (bytes.length > 0) exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    return Harness.map("url", "http://127.0.0.1:" + server.getAddress().getPort());
  }

  private static synchronized Object plan(JsonObject args) {
    JsonElement given = args.get("reply");
    reply = given == null || given.isJsonNull() ? null : given.getAsJsonObject();
    return null;
  }

  private static synchronized Object take(JsonObject args) {
    List<Object> taken = new ArrayList<>(received);
    received.clear();
    return taken;
  }

  private static synchronized String answer(HttpExchange exchange) throws Exception {
    Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
    String timestamp = query.get("timestamp");
    String nonce = query.get("nonce");
    String signed = SHA1.gen(Client.config.getToken(), timestamp, nonce);
    if (!signed.equals(query.get("signature"))) throw new SecurityException();
    if (exchange.getRequestMethod().equals("GET")) return query.get("echostr");
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    boolean encrypted = "aes".equals(query.get("encrypt_type"));
    WxMpXmlMessage message =
        encrypted
            ? WxMpXmlMessage.fromEncryptedXml(body, Client.config, timestamp, nonce, query.get("msg_signature"))
            : WxMpXmlMessage.fromXml(body);
    Map<String, Object> fields = fieldsOf(message);
    // Where its users find what the bean has no field for.
    message.getAllFieldsMap().forEach(fields::putIfAbsent);
    received.add(fields);
    if (reply == null) return "";
    WxMpXmlOutMessage out = replyTo(message);
    return encrypted ? out.toEncryptedXml(Client.config) : out.toXml();
  }

  private static WxMpXmlOutMessage replyTo(WxMpXmlMessage m) {
    String from = m.getToUser();
    String to = m.getFromUser();
    String id = Harness.text(reply, "mediaId");
    String title = Harness.text(reply, "title");
    String description = Harness.text(reply, "description");
    switch (Harness.text(reply, "kind")) {
      case "text":
        return WxMpXmlOutMessage.TEXT().fromUser(from).toUser(to).content(Harness.text(reply, "content")).build();
      case "image":
        return WxMpXmlOutMessage.IMAGE().fromUser(from).toUser(to).mediaId(id).build();
      case "voice":
        return WxMpXmlOutMessage.VOICE().fromUser(from).toUser(to).mediaId(id).build();
      case "video":
        return WxMpXmlOutMessage.VIDEO()
            .fromUser(from)
            .toUser(to)
            .mediaId(id)
            .title(title)
            .description(description)
            .build();
      case "music":
        return WxMpXmlOutMessage.MUSIC()
            .fromUser(from)
            .toUser(to)
            .title(title)
            .description(description)
            .musicUrl(Harness.text(reply, "url"))
            .hqMusicUrl(Harness.text(reply, "hqUrl"))
            .thumbMediaId(Harness.text(reply, "thumbMediaId"))
            .build();
      case "news":
        var news = WxMpXmlOutMessage.NEWS().fromUser(from).toUser(to);
        for (JsonElement e : reply.getAsJsonArray("articles")) {
          JsonObject a = e.getAsJsonObject();
          WxMpXmlOutNewsMessage.Item item = new WxMpXmlOutNewsMessage.Item();
          item.setTitle(Harness.text(a, "title"));
          item.setDescription(Harness.text(a, "description"));
          item.setPicUrl(Harness.text(a, "image"));
          item.setUrl(Harness.text(a, "url"));
          news.addArticle(item);
        }
        return news.build();
      case "transfer":
        var transfer = WxMpXmlOutMessage.TRANSFER_CUSTOMER_SERVICE().fromUser(from).toUser(to);
        String agent = Harness.text(reply, "kfAccount");
        if (agent != null) transfer.kfAccount(agent);
        return transfer.build();
      default:
        throw new IllegalArgumentException("no reply " + reply);
    }
  }

  /** What the SDK's bean holds, by the names that it reads in WeChat's XML. */
  private static Map<String, Object> fieldsOf(Object bean) throws IllegalAccessException {
    Map<String, Object> found = new LinkedHashMap<>();
    for (Field field : bean.getClass().getDeclaredFields()) {
      String name = nameOf(field);
      if (name == null) continue;
      field.setAccessible(true);
      Object value = field.get(bean);
      if (value != null) found.put(name, readable(value));
    }
    return found;
  }

  private static String nameOf(Field field) {
    if (Modifier.isStatic(field.getModifiers()) || field.getName().equals("allFieldsMap")) return null;
    XStreamAlias alias = field.getAnnotation(XStreamAlias.class);
    if (alias != null) return alias.value();
    XStreamImplicit list = field.getAnnotation(XStreamImplicit.class);
    if (list != null && !list.itemFieldName().isEmpty()) return list.itemFieldName();
    return field.getName().substring(0, 1).toUpperCase() + field.getName().substring(1);
  }

  private static Object readable(Object value) throws IllegalAccessException {
    if (value instanceof Double) {
      return new java.math.BigDecimal(value.toString()).stripTrailingZeros().toPlainString();
    }
    if (value instanceof Collection) {
      List<Object> list = new ArrayList<>();
      for (Object one : (Collection<?>) value) list.add(readable(one));
      return list;
    }
    return value.getClass().getName().startsWith("me.chanjar.") ? fieldsOf(value) : String.valueOf(value);
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> read = new LinkedHashMap<>();
    for (String pair : raw.split("&")) {
      String[] parts = pair.split("=", 2);
      read.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return read;
  }

  private static Object seal(JsonObject a) {
    String mode = Harness.text(a, "mode");
    String timestamp = Harness.text(a, "timestamp");
    String nonce = Harness.text(a, "nonce");
    String xml = Harness.text(a, "xml");
    Map<String, String> query = new LinkedHashMap<>();
    query.put("timestamp", timestamp);
    query.put("nonce", nonce);
    query.put("signature", SHA1.gen(Client.config.getToken(), timestamp, nonce));
    String body = xml;
    if (!mode.equals("plain")) {
      WxCryptUtil crypt = new WxMpCryptUtil(Client.config);
      String sealed = crypt.encrypt("interop-random16", xml);
      query.put("encrypt_type", "aes");
      query.put("msg_signature", SHA1.gen(Client.config.getToken(), timestamp, nonce, sealed));
      String element = "<Encrypt><![CDATA[" + sealed + "]]></Encrypt></xml>";
      body =
          mode.equals("compatible")
              ? xml.replace("</xml>", element)
              : "<xml><ToUserName><![CDATA[" + Harness.text(a, "to") + "]]></ToUserName>" + element;
    }
    String encoded =
        query.entrySet().stream()
            .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    return Harness.map("query", encoded, "body", body);
  }

  private static Object open(JsonObject a) {
    String body = Harness.text(a, "body");
    Map<String, Object> fields = XmlUtils.xml2Map(body);
    if (!fields.containsKey("Encrypt")) return fields;
    String signature = String.valueOf(fields.get("MsgSignature"));
    String timestamp = String.valueOf(fields.get("TimeStamp"));
    String nonce = String.valueOf(fields.get("Nonce"));
    String opened = new WxMpCryptUtil(Client.config).decryptXml(signature, timestamp, nonce, body);
    return XmlUtils.xml2Map(opened);
  }
}
