// Asks whether a person is who they say: .NET 10 or later, a program of one file, no package.
//
//   dotnet run verify.cs -- ORIGIN CLIENT KEY.pem NUMBER NAME BIRTH-DATE      prints the answer's JSON
using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

if (args.Length != 6)
{
    Console.Error.WriteLine("verify.cs ORIGIN CLIENT KEY.pem NUMBER NAME BIRTH-DATE");
    return 2;
}

var (origin, client, keyFile) = (args[0], args[1], args[2]);
using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(15) };
try
{
    // A system keeps the token for its ten minutes, and asks for a new one when it gets 401.
    var form = new FormUrlEncodedContent(new Dictionary<string, string>
    {
        ["grant_type"] = "client_credentials",
        ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ["client_assertion"] = Assertion(origin, client, keyFile),
    });
    using var granted = JsonDocument.Parse(await Post("/oauth/token", form, null));
    var token = granted.RootElement.GetProperty("access_token").GetString();

    var question = new JsonObject { ["number"] = args[3], ["name"] = args[4], ["birth_date"] = args[5] };
    var body = new StringContent(question.ToJsonString(), Encoding.UTF8, "application/json");
    // Keep `receipt` word for word: it proves what you were told.
    var answer = await Post("/v1/verify", body, token);
    using var output = Console.OpenStandardOutput();
    output.Write(Encoding.UTF8.GetBytes(answer + "\n"));
    return 0;
}
catch (HttpRequestException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

async Task<string> Post(string path, HttpContent content, string? bearer)
{
    using var request = new HttpRequestMessage(HttpMethod.Post, origin + path) { Content = content };
    if (bearer is not null)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
    }
    using var response = await http.SendAsync(request);
    var text = await response.Content.ReadAsStringAsync();
    // Errors are RFC 9457 (of tokens RFC 6749): tell people the title, decide by the code.
    return response.IsSuccessStatusCode
        ? text
        : throw new HttpRequestException($"{(int)response.StatusCode} {text}");
}

// A JSON Web Token that is good once and for a minute (RFC 7523).
static string Assertion(string origin, string client, string keyFile)
{
    using var key = ECDsa.Create();
    key.ImportFromPem(File.ReadAllText(keyFile));
    var claims = new JsonObject
    {
        ["iss"] = client,
        ["sub"] = client,
        ["aud"] = origin,
        ["exp"] = DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeSeconds(),
        ["jti"] = Guid.NewGuid().ToString(),
    };
    var header = new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT" };
    var signed = $"{Encoded(header.ToJsonString())}.{Encoded(claims.ToJsonString())}";
    // JOSE signatures are r and s side by side (RFC 7518, section 3.4), not the ASN.1 that certificates have.
    var signature = key.SignData(
        Encoding.UTF8.GetBytes(signed),
        HashAlgorithmName.SHA256,
        DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    return $"{signed}.{Base64Url.EncodeToString(signature)}";
}

static string Encoded(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
