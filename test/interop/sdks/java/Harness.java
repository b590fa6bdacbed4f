import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import me.chanjar.weixin.common.error.WxErrorException;

/** WxJava behind lines of JSON: see test/interop/sdk-harness.ts for the protocol. */
public final class Harness {
  static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  interface Work {
    Object with(JsonObject args) throws Exception;
  }

  private Harness() {}

  public static void main(String[] given) throws Exception {
    Map<String, Work> operations = Client.operations();
    Map<String, Work> calls = new LinkedHashMap<>(operations);
    calls.put("configure", Client::configure);
    calls.put("operations", args -> new TreeSet<>(operations.keySet()));
    calls.putAll(Callbacks.calls());
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, "UTF-8");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonObject asked = GSON.fromJson(line, JsonObject.class);
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("id", asked.get("id").getAsLong());
      try {
        Work work = calls.get(asked.get("call").getAsString());
        if (work == null) throw new IllegalArgumentException("no call " + asked.get("call"));
        answer.put("value", work.with(asked.getAsJsonObject("args")));
      } catch (WxErrorException err) {
        answer.put("error", errorOf(err.getError().getErrorCode(), err.getMessage()));
      } catch (Exception err) {
        answer.put("error", errorOf(null, String.valueOf(err)));
      }
      out.println(GSON.toJson(answer));
    }
    System.exit(0);
  }

  private static Map<String, Object> errorOf(Integer errcode, String message) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("errcode", errcode);
    error.put("message", message);
    return error;
  }

  static String text(JsonObject args, String name) {
    JsonElement value = args.get(name);
    return value == null || value.isJsonNull() ? null : value.getAsString();
  }

  static Map<String, Object> map(Object... pairs) {
    Map<String, Object> made = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) made.put((String) pairs[i], pairs[i + 1]);
    return made;
  }
}
