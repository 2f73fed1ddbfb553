// Requests that two readers might read differently. None of them may reach the handler, whatever
// the pieces they arrive in; see also the seeds of test/fuzz/http_parser.cc.

#include <fmt/format.h>

#include <vector>

#include "http_test.h"

namespace contrail::http {
namespace {

using testing::HasSubstr;

struct Sample {
  const char* name;
  std::string request;
  const char* status;
};

std::string name_of(const testing::TestParamInfo<Sample>& info) { return info.param.name; }

constexpr std::string_view smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string nul(1, '\0');

/// A request with these fields besides Host, and something behind it.
std::string with(std::string_view fields, std::string_view body = smuggled) {
  return fmt::format("POST / HTTP/1.1\r\nHost: h\r\n{}\r\n{}", fields, body);
}
std::string line(std::string_view request_line) {
  return fmt::format("{}\r\nHost: h\r\n\r\n", request_line);
}
std::string chunked(std::string_view body) { return with("Transfer-Encoding: chunked\r\n", body); }

class SmugglingTest : public HttpTest, public testing::WithParamInterface<Sample> {
 protected:
  void SetUp() override {
    catch_uncaught();
    serve([this](Request request, Response response) -> Promise<void> {
      targets.emplace_back(request.target());
      std::string text = co_await request.text();
      bodies.push_back(text);
      response.end(std::move(text));
    });
  }
  /// Every byte is a read of its own.
  std::string talk_slowly(std::string_view request) {
    auto client = connect();
    client->socket.set_no_delay();
    for (std::size_t i = 0; i < request.size() && !client->got.over(); ++i) {
      client->send(std::string(1, request[i]));
      loop().run_nowait();
    }
    run_until([&] { return client->got.over(); });
    return client->text();
  }
  void TearDown() override {
    EXPECT_EQ(uncaught, "");
    HttpTest::TearDown();
  }

  std::vector<std::string> targets;
  std::vector<std::string> bodies;
};

// --- Heads that are wrong: the handler is not called. --------------------------------------------

class BadHead : public SmugglingTest {};

TEST_P(BadHead, is_refused_in_one_piece) {
  const std::string answer = talk(GetParam().request);
  EXPECT_EQ(status_of(answer), GetParam().status);
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(targets, testing::IsEmpty());
}

TEST_P(BadHead, is_refused_byte_by_byte) {
  EXPECT_EQ(status_of(talk_slowly(GetParam().request)), GetParam().status);
  EXPECT_THAT(targets, testing::IsEmpty());
}

const std::vector<Sample> bad_request_lines{
    {"http_0_9", "GET /\r\n\r\n", "400"},
    {"http_0_9_with_blank", "GET / \r\n\r\n", "400"},
    {"version_0_9", line("GET / HTTP/0.9"), "505"},
    {"version_2_0", line("GET / HTTP/2.0"), "505"},
    {"version_1_2", line("GET / HTTP/1.2"), "505"},
    {"version_of_two_digits", line("GET / HTTP/1.10"), "400"},
    {"version_in_lower_case", line("GET / http/1.1"), "400"},
    {"version_without_minor", line("GET / HTTP/1"), "400"},
    {"version_with_comma", line("GET / HTTP/1,1"), "400"},
    {"other_protocol", line("GET / ICE/1.0"), "400"},
    {"blank_after_version", line("GET / HTTP/1.1 "), "400"},
    {"two_blanks_before_target", line("GET  / HTTP/1.1"), "400"},
    {"two_blanks_after_target", line("GET /  HTTP/1.1"), "400"},
    {"tab_for_blank", line("GET\t/ HTTP/1.1"), "400"},
    {"blank_before_method", line(" GET / HTTP/1.1"), "400"},
    {"blank_in_target", line("GET /a b HTTP/1.1"), "400"},
    {"no_target", line("GET HTTP/1.1"), "400"},
    {"relative_target", line("GET a/b HTTP/1.1"), "400"},
    {"fragment_in_target", line("GET /a#b HTTP/1.1"), "400"},
    {"control_in_target", line("GET /\x01 HTTP/1.1"), "400"},
    {"nul_in_target", line("GET /" + nul + " HTTP/1.1"), "400"},
    {"cr_in_target", line("GET /\rx HTTP/1.1"), "400"},
    {"beyond_ascii_in_target", line("GET /\xc3\xbc HTTP/1.1"), "400"},
    {"asterisk_for_get", line("GET * HTTP/1.1"), "400"},
    {"method_in_lower_case", line("get / HTTP/1.1"), "400"},
    {"method_with_nul", line("GE" + nul + "T / HTTP/1.1"), "400"},
    {"method_with_colon", line("GET: / HTTP/1.1"), "400"},
    {"method_unknown", line("BREW / HTTP/1.1"), "501"},
    {"method_connect", "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", "501"},
    {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
    {"tls", "\x16\x03\x01\x02" + nul + "\x01" + nul + nul, "400"},
    {"bare_lf_after_request_line", "GET / HTTP/1.1\nHost: h\r\n\r\n", "400"},
    {"bare_cr_after_request_line", "GET / HTTP/1.1\rHost: h\r\n\r\n", "400"},
    {"bare_lf_before_request_line", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"two_empty_lines_before", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
};
INSTANTIATE_TEST_SUITE_P(RequestLine, BadHead, testing::ValuesIn(bad_request_lines), name_of);

const std::vector<Sample> bad_fields{
    {"folded_line", with("X: a\r\n b\r\n"), "400"},
    {"folded_line_with_tab", with("X: a\r\n\tb\r\n"), "400"},
    {"folded_coding", with("Transfer-Encoding:\r\n chunked\r\n"), "400"},
    {"blank_before_first_field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", "400"},
    {"only_blanks_in_a_line", with(" \r\n"), "400"},
    {"bare_lf_after_field", with("X: a\nY: b\r\n"), "400"},
    {"bare_lf_at_the_end", "GET / HTTP/1.1\r\nHost: h\r\n\n", "400"},
    {"only_lfs", "GET / HTTP/1.1\nHost: h\n\n", "400"},
    {"bare_cr_in_value", with("X: \rxTransfer-Encoding: chunked\r\n"), "400"},
    {"two_crs", with("X: a\r\r\n"), "400"},
    {"bare_cr_at_the_end", "GET / HTTP/1.1\r\nHost: h\r\n\rGET", "400"},
    {"nul_in_value", with("X: a" + nul + "b\r\n"), "400"},
    {"nul_in_name", with("X" + nul + ": a\r\n"), "400"},
    {"delete_in_value", with("X: \x7f\r\n"), "400"},
    {"escape_in_value", with("X: \x1b[0m\r\n"), "400"},
    {"blank_before_colon", with("Content-Length : 5\r\n"), "400"},
    {"tab_before_colon", with("Transfer-Encoding\t: chunked\r\n"), "400"},
    {"blank_in_name", with("Content Length: 5\r\n"), "400"},
    {"no_name", with(": a\r\n"), "400"},
    {"no_colon", with("Content-Length\r\n"), "400"},
    {"quoted_name", with("\"X\": a\r\n"), "400"},
    {"name_beyond_ascii", with("X\xc3\xbc: a\r\n"), "400"},
    {"no_host", "GET / HTTP/1.1\r\n\r\n", "400"},
    {"two_hosts", with("Host: other\r\n"), "400"},
    {"two_hosts_in_http_1_0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
    {"host_with_path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", "400"},
    {"host_with_user", "GET / HTTP/1.1\r\nHost: me@h\r\n\r\n", "400"},
    {"two_hosts_in_one", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400"},
    {"expectation_unknown", with("Expect: miracles\r\n"), "417"},
    {"too_many_fields", with([] {
       std::string fields;
       for (int i = 0; i < 128; ++i) fields += "X: y\r\n";
       return fields;
     }()),
     "431"},
};
INSTANTIATE_TEST_SUITE_P(Fields, BadHead, testing::ValuesIn(bad_fields), name_of);

const std::vector<Sample> bad_framing{
    {"length_and_coding", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "400"},
    {"coding_and_length", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "400"},
    {"coding_and_length_0", with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), "400"},
    {"lengths_in_conflict", with("Content-Length: 5\r\nContent-Length: 6\r\n"), "400"},
    {"lengths_in_agreement", with("Content-Length: 5\r\ncontent-length: 5\r\n"), "400"},
    {"lengths_in_one", with("Content-Length: 5, 5\r\n"), "400"},
    {"length_with_plus", with("Content-Length: +5\r\n"), "400"},
    {"length_with_minus", with("Content-Length: -5\r\n"), "400"},
    {"length_in_hexadecimal", with("Content-Length: 0x5\r\n"), "400"},
    {"length_with_point", with("Content-Length: 5.0\r\n"), "400"},
    {"length_with_blank", with("Content-Length: 1 2\r\n"), "400"},
    {"length_with_underscore", with("Content-Length: 1_0\r\n"), "400"},
    {"length_empty", with("Content-Length: \r\n"), "400"},
    {"length_in_words", with("Content-Length: five\r\n"), "400"},
    {"length_beyond_64_bits", with("Content-Length: 18446744073709551617\r\n"), "400"},
    {"length_beyond_limit", with("Content-Length: 99999999999\r\n"), "413"},
    {"coding_unknown", with("Transfer-Encoding: gzip\r\n"), "400"},
    {"coding_identity", with("Transfer-Encoding: identity\r\n"), "400"},
    {"coding_not_last", with("Transfer-Encoding: chunked, gzip\r\n"), "400"},
    {"coding_we_do_not_speak", with("Transfer-Encoding: gzip, chunked\r\n"), "501"},
    {"coding_twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "400"},
    {"coding_twice_hidden", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"), "400"},
    {"coding_with_prefix", with("Transfer-Encoding: xchunked\r\n"), "400"},
    {"coding_with_suffix", with("Transfer-Encoding: chunkedx\r\n"), "400"},
    {"coding_in_quotes", with("Transfer-Encoding: \"chunked\"\r\n"), "400"},
    {"coding_with_parameter", with("Transfer-Encoding: chunked;q=1\r\n"), "400"},
    {"coding_with_comma", with("Transfer-Encoding: ,chunked,\r\n"), "400"},
    {"coding_with_vertical_tab", with("Transfer-Encoding: \vchunked\r\n"), "400"},
    {"coding_empty", with("Transfer-Encoding:\r\n"), "400"},
    {"coding_in_http_1_0",
     "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
};
INSTANTIATE_TEST_SUITE_P(Framing, BadHead, testing::ValuesIn(bad_framing), name_of);

// --- Bodies that are wrong: the handler may have been called, but gets no body. ------------------

class BadBody : public SmugglingTest {};

TEST_P(BadBody, is_refused_in_one_piece) {
  const std::string answer = talk(GetParam().request);
  EXPECT_EQ(status_of(answer), GetParam().status);
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(targets, testing::IsEmpty()) << "all is known before the handler is called";
}

TEST_P(BadBody, is_refused_byte_by_byte) {
  EXPECT_EQ(status_of(talk_slowly(GetParam().request)), GetParam().status);
  EXPECT_THAT(targets, testing::ElementsAre("/"));
  EXPECT_THAT(bodies, testing::IsEmpty());
}

const std::vector<Sample> bad_bodies{
    {"size_not_hexadecimal", chunked("g\r\n"), "400"},
    {"size_empty", chunked("\r\n0\r\n\r\n"), "400"},
    {"size_with_0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), "400"},
    {"size_with_minus", chunked("-1\r\n"), "400"},
    {"size_with_plus", chunked("+5\r\nhello\r\n0\r\n\r\n"), "400"},
    {"size_after_blank", chunked(" 5\r\nhello\r\n0\r\n\r\n"), "400"},
    {"size_before_blank", chunked("5 \r\nhello\r\n0\r\n\r\n"), "400"},
    {"size_before_nul", chunked("5" + nul + "\r\nhello\r\n0\r\n\r\n"), "400"},
    {"size_beyond_64_bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), "400"},
    {"size_of_many_zeros", chunked("0000000000000000005\r\nhello\r\n0\r\n\r\n"), "400"},
    {"size_beyond_limit", chunked("fffffff\r\n"), "413"},
    {"bare_lf_after_size", chunked("5\nhello\r\n0\r\n\r\n"), "400"},
    {"bare_cr_after_size", chunked("5\rhello\r\n0\r\n\r\n"), "400"},
    {"bare_lf_after_data", chunked("5\r\nhello\n0\r\n\r\n"), "400"},
    {"nothing_after_data", chunked("5\r\nhello0\r\n\r\n"), "400"},
    {"data_longer_than_size", chunked("4\r\nhello\r\n0\r\n\r\n"), "400"},
    {"data_shorter_than_size", chunked("6\r\nhello\r\n0\r\n\r\n"), "400"},
    {"bare_lf_in_extension", chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"), "400"},
    {"bare_cr_in_extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), "400"},
    {"nul_in_extension", chunked("5;a" + nul + "\r\nhello\r\n0\r\n\r\n"), "400"},
    {"extension_too_long", chunked("5;" + std::string(5000, 'a') + "\r\nhello\r\n"), "413"},
    {"bare_lf_at_the_end", chunked("0\r\n\n"), "400"},
    {"bare_lf_after_last_size", chunked("0\n\r\n"), "400"},
    {"folded_trailer", chunked("0\r\nX: a\r\n b\r\n\r\n"), "400"},
    {"trailer_without_colon", chunked("0\r\nX\r\n\r\n"), "400"},
    {"blank_in_trailer_name", chunked("0\r\nX : a\r\n\r\n"), "400"},
    {"bare_lf_after_trailer", chunked("0\r\nX: a\n\r\n"), "400"},
    {"request_instead_of_end", chunked("0\r\n" + std::string(smuggled)), "400"},
    {"trailers_too_long", chunked("0\r\nX: " + std::string(17000, 'a') + "\r\n\r\n"), "431"},
};
INSTANTIATE_TEST_SUITE_P(Chunks, BadBody, testing::ValuesIn(bad_bodies), name_of);

// --- Odd, but right: the body is what stands for a status here. ----------------------------------

class OddRequest : public SmugglingTest {};

TEST_P(OddRequest, is_served_in_one_piece) {
  const std::string answer = talk(GetParam().request);
  EXPECT_EQ(status_of(answer), "200");
  EXPECT_THAT(bodies, testing::ElementsAre(GetParam().status));
}

TEST_P(OddRequest, is_served_byte_by_byte) {
  EXPECT_EQ(status_of(talk_slowly(GetParam().request)), "200");
  EXPECT_THAT(bodies, testing::ElementsAre(GetParam().status));
}

std::string last(std::string_view request_line, std::string_view fields,
                 std::string_view body = {}) {
  return fmt::format("{}\r\nConnection: close\r\n{}\r\n{}", request_line, fields, body);
}
std::string last_chunked(std::string_view body) {
  return last("POST / HTTP/1.1", "Host: h\r\ntransfer-ENCODING:CHUNKED\r\n", body);
}

const std::vector<Sample> odd_requests{
    {"empty_line_before", "\r\n" + last("GET / HTTP/1.1", "Host: h\r\n"), ""},
    {"no_host_in_http_1_0", last("GET / HTTP/1.0", ""), ""},
    {"host_empty", last("GET / HTTP/1.1", "Host:\r\n"), ""},
    {"host_of_ipv6", last("GET / HTTP/1.1", "Host: [::1]:80\r\n"), ""},
    {"target_absolute", last("GET http://h/a HTTP/1.1", "Host: h\r\n"), ""},
    {"target_asterisk", last("OPTIONS * HTTP/1.1", "Host: h\r\n"), ""},
    {"target_with_escapes", last("GET /%00%0d%0a?a=%20 HTTP/1.1", "Host: h\r\n"), ""},
    {"method_rare", last("M-SEARCH / HTTP/1.1", "Host: h\r\n"), ""},
    {"upgrade_ignored", last("GET / HTTP/1.1", "Host: h\r\nUpgrade: h2c\r\n"), ""},
    {"upgrade_asked_for",
     "GET / HTTP/1.1\r\nHost: h\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n", ""},
    {"upgrade_with_body",
     "POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: x\r\n"
     "Content-Length: 2\r\n\r\nok",
     "ok"},
    {"value_empty", last("GET / HTTP/1.1", "Host: h\r\nX:\r\nY: \r\n"), ""},
    {"value_of_blanks", last("GET / HTTP/1.1", "Host: h\r\nX: \t \r\n"), ""},
    {"value_with_tab", last("GET / HTTP/1.1", "Host: h\r\nX: a\tb\r\n"), ""},
    {"value_beyond_ascii", last("GET / HTTP/1.1", "Host: h\r\nX: \xff\x80\r\n"), ""},
    {"value_with_colons", last("GET / HTTP/1.1", "Host: h\r\nX:: :\r\n"), ""},
    {"name_of_odd_letters", last("GET / HTTP/1.1", "Host: h\r\n!#$%&'*+-.^_`|~: x\r\n"), ""},
    {"length_with_zeros", last("POST / HTTP/1.1", "Host: h\r\nContent-Length: 002\r\n", "ok"),
     "ok"},
    {"length_with_blanks", last("POST / HTTP/1.1", "Host: h\r\nContent-Length: \t2 \r\n", "ok"),
     "ok"},
    {"length_of_get", last("GET / HTTP/1.1", "Host: h\r\nContent-Length: 2\r\n", "ok"), "ok"},
    {"length_in_http_1_0", last("POST / HTTP/1.0", "Content-Length: 2\r\n", "ok"), "ok"},
    {"expectation_in_http_1_0", last("POST / HTTP/1.0", "Expect: miracles\r\n"), ""},
    {"chunks_none", last_chunked("0\r\n\r\n"), ""},
    {"chunks_with_zeros", last_chunked("002\r\nok\r\n000\r\n\r\n"), "ok"},
    {"chunks_in_upper_case", last_chunked("A\r\n0123456789\r\n0\r\n\r\n"), "0123456789"},
    {"chunks_with_extensions", last_chunked("2;a;b=c;d=\"e f\"\r\nok\r\n0;x\r\n\r\n"), "ok"},
    {"chunks_with_trailers", last_chunked("2\r\nok\r\n0\r\nX: a\r\nY:\r\n\r\n"), "ok"},
    {"chunks_of_line_ends", last_chunked("4\r\n\r\n\r\n\r\n0\r\n\r\n"), "\r\n\r\n"},
};
INSTANTIATE_TEST_SUITE_P(Odd, OddRequest, testing::ValuesIn(odd_requests), name_of);

}  // namespace
}  // namespace contrail::http
