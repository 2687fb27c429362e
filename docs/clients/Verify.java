import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Asks whether a person is who they say: Java 17 or later, no library.
 *
 * <pre>java Verify.java ORIGIN CLIENT KEY.pem NUMBER NAME BIRTH-DATE      prints the answer's JSON</pre>
 */
public final class Verify {
    private static final HttpClient HTTP =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build();
    private static final Base64.Encoder BASE64URL = Base64.getUrlEncoder().withoutPadding();

    public static void main(String[] args) throws Exception {
        String origin = args[0];
        String type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        String form = "grant_type=client_credentials&client_assertion_type=" + URLEncoder.encode(type, UTF_8)
            + "&client_assertion=" + assertion(origin, args[1], key(Path.of(args[2])));
        // A system keeps the token for its ten minutes, and asks for a new one when it gets 401.
        String granted = post(origin + "/oauth/token", form, "application/x-www-form-urlencoded", null);
        Matcher token = Pattern.compile("\"access_token\":\"([^\"]+)\"").matcher(granted);
        if (!token.find()) {
            throw new IllegalStateException("there is no access_token in the answer");
        }
        String question = "{\"number\":" + text(args[3]) + ",\"name\":" + text(args[4]) + ",\"birth_date\":" + text(args[5]) + "}";
        // Keep `receipt` word for word: it proves what you were told. A system reads JSON with its own library.
        byte[] answer = post(origin + "/v1/verify", question, "application/json", token.group(1)).getBytes(UTF_8);
        System.out.write(answer, 0, answer.length);
        System.out.println();
    }

    private static PrivateKey key(Path file) throws Exception {
        String pem = Files.readString(file).replaceAll("-----[A-Z ]+-----|\\s", "");
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    }

    /** A JSON Web Token that is good once and for a minute (RFC 7523). */
    private static String assertion(String origin, String client, PrivateKey key) throws Exception {
        String claims = "{\"iss\":" + text(client) + ",\"sub\":" + text(client) + ",\"aud\":" + text(origin) + ",\"exp\":"
            + Instant.now().plusSeconds(60).getEpochSecond() + ",\"jti\":" + text(UUID.randomUUID().toString()) + "}";
        String signed = BASE64URL.encodeToString("{\"alg\":\"ES256\",\"typ\":\"JWT\"}".getBytes(UTF_8)) + "."
            + BASE64URL.encodeToString(claims.getBytes(UTF_8));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(key);
        signature.update(signed.getBytes(UTF_8));
        return signed + "." + BASE64URL.encodeToString(signature.sign());
    }

    private static String post(String url, String body, String type, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(15))
            .header("Content-Type", type).POST(BodyPublishers.ofString(body));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        var answer = HTTP.send(request.build(), BodyHandlers.ofString(UTF_8));
        // Errors are RFC 9457 (of tokens RFC 6749): tell people the title, decide by the code.
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    private static String text(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
