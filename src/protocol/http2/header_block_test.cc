#include "protocol/http2/header_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ripstop::protocol {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = BodyFraming::Kind;

std::vector<std::string> lines_of(const Fields& fields) {
  std::vector<std::string> lines;
  for (const Field& field : fields) lines.push_back(std::string(field.name) + ": " + std::string(field.value));
  return lines;
}

std::vector<std::string> lines_of(const FieldBlock& block) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < block.count(); ++i) {
    lines.push_back(std::string(block.at(i).name) + ": " + std::string(block.at(i).value));
  }
  return lines;
}

FieldBlock request(std::string_view path, const FieldBlock& more = {}) {
  FieldBlock block{{":method", "GET"}, {":scheme", "http"}, {":authority", "a.example"}, {":path", path}};
  block.add_all(more);
  return block;
}

Fault read(const FieldBlock& block, RequestHead& head, bool has_ended = true) {
  return read_request(block, has_ended, RequestRules{}, head);
}

TEST(HeaderBlock, ReadsARequestAsOneThatCameByHttp1) {
  const FieldBlock block{{":method", "POST"},        {":scheme", "https"},    {":authority", "Reviews:9080"},
                         {":path", "/a/./b%41?q=1"}, {"content-length", "5"}, {"te", "trailers"},
                         {"host", "reviews:9080"},   {"x-one", "1"}};
  RequestHead head;
  ASSERT_EQ(read(block, head, false), Fault::kNone);
  EXPECT_EQ(head.version, Version::kHttp2);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.scheme, "https");
  EXPECT_EQ(head.authority, "reviews:9080");
  EXPECT_EQ(head.path, "/a/bA");
  EXPECT_EQ(head.query, "?q=1");
  EXPECT_EQ(head.framing, BodyFraming::of_length(5));
  EXPECT_TRUE(head.accepts_trailers);
  EXPECT_THAT(lines_of(head.fields), ElementsAre("content-length: 5", "x-one: 1"));
}

TEST(HeaderBlock, JoinsTheCrumbsOfACookie) {
  RequestHead head;
  const FieldBlock block = request("/", {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c"}});
  ASSERT_EQ(read(block, head), Fault::kNone);
  EXPECT_THAT(lines_of(head.fields), ElementsAre("x: y", "cookie: a=1; b=2; c"));
}

TEST(HeaderBlock, SaysThatThereIsNoContentWhereOneIsExpected) {
  RequestHead head;
  const FieldBlock get = request("/");
  ASSERT_EQ(read(get, head), Fault::kNone);
  EXPECT_EQ(head.framing, BodyFraming::none());
  const FieldBlock post{{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  ASSERT_EQ(read(post, head), Fault::kNone);
  EXPECT_EQ(head.framing, BodyFraming::of_length(0));
  ASSERT_EQ(read(post, head, false), Fault::kNone);
  EXPECT_EQ(head.framing, BodyFraming::chunked());
}

TEST(HeaderBlock, ReadsExtendedConnectAsAnUpgrade) {
  const FieldBlock block{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"},
                         {":authority", "a"},    {":path", "/chat"},         {"sec-websocket-version", "13"}};
  RequestHead head;
  ASSERT_EQ(read(block, head, false), Fault::kNone);
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.upgrade, "websocket");
  EXPECT_EQ(head.path, "/chat");
  EXPECT_EQ(head.framing, BodyFraming::none());
  FieldBlock again;
  write_request(head, "http", again);
  EXPECT_THAT(lines_of(again), ElementsAre(":method: CONNECT", ":protocol: websocket", ":scheme: https", ":path: /chat",
                                           ":authority: a", "sec-websocket-version: 13"));
}

TEST(HeaderBlock, ReadsConnectAndAsterisk) {
  RequestHead head;
  const FieldBlock connect{{":method", "CONNECT"}, {":authority", "a.example:443"}};
  ASSERT_EQ(read(connect, head, false), Fault::kNone);
  EXPECT_EQ(head.form, TargetForm::kAuthority);
  EXPECT_EQ(head.authority, "a.example:443");
  EXPECT_EQ(head.path, "");
  const FieldBlock options{{":method", "OPTIONS"}, {":scheme", "http"}, {":authority", "a"}, {":path", "*"}};
  ASSERT_EQ(read(options, head), Fault::kNone);
  EXPECT_EQ(head.form, TargetForm::kAsterisk);
  EXPECT_EQ(head.path, "*");
}

struct Hostile {
  const char* what;
  FieldBlock block;
  Fault fault;
  bool has_ended = true;
};

std::vector<Hostile> hostile_pseudo_fields() {
  return {
      {"nothing", {}, Fault::kPseudoFieldMissing},
      {"no method", {{":scheme", "http"}, {":authority", "a"}, {":path", "/"}}, Fault::kPseudoFieldMissing},
      {"no scheme", {{":method", "GET"}, {":authority", "a"}, {":path", "/"}}, Fault::kPseudoFieldMissing},
      {"no path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}, Fault::kPseudoFieldMissing},
      {"empty path", request(""), Fault::kPseudoFieldMissing},
      {"no authority", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, Fault::kHostMissing},
      {"relative path", request("a"), Fault::kTargetForm},
      {"absolute path", request("http://b/"), Fault::kTargetForm},
      {"asterisk for GET", request("*"), Fault::kTargetForm},
      {"space in path", request("/a b"), Fault::kTargetByte},
      {"fragment", request("/a#b"), Fault::kTargetFragment},
      {"above the root", request("/../a"), Fault::kPathAboveRoot},
      {"other scheme",
       {{":method", "GET"}, {":scheme", "ftp"}, {":authority", "a"}, {":path", "/"}},
       Fault::kSchemeUnsupported},
      {"method with space",
       {{":method", "G T"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       Fault::kMethodSyntax},
      {"request line in method",
       {{":method", "GET / HTTP/1.1\r\nx: y"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       Fault::kControlByte},
      {"user information",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "u@a"}, {":path", "/"}},
       Fault::kHostSyntax},
      {"repeated pseudo-field", request("/", {{":path", "/"}}), Fault::kPseudoFieldRepeated},
      {"unknown pseudo-field", request("/", {{":x", "y"}}), Fault::kPseudoFieldUnknown},
      {"status in a request", request("/", {{":status", "200"}}), Fault::kPseudoFieldForbidden},
      {"pseudo-field behind a field", {{":method", "GET"}, {"x", "y"}, {":path", "/"}}, Fault::kPseudoFieldMisplaced},
      {"protocol without CONNECT", request("/", {{":protocol", "websocket"}}), Fault::kPseudoFieldForbidden},
      {"path with CONNECT",
       {{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}},
       Fault::kPseudoFieldForbidden,
       false},
      {"CONNECT without port", {{":method", "CONNECT"}, {":authority", "a"}}, Fault::kHostSyntax, false},
      {"CONNECT that ends", {{":method", "CONNECT"}, {":authority", "a:1"}}, Fault::kContentForbidden},
  };
}

std::vector<Hostile> hostile_fields() {
  const FieldBlock post{{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
  const auto post_with = [&post](const FieldBlock& more) {
    FieldBlock block = post;
    block.add_all(more);
    return block;
  };
  return {
      {"other Host", request("/", {{"host", "b.example"}}), Fault::kHostMismatch},
      {"two Hosts", request("/", {{"host", "a.example"}, {"host", "a.example"}}), Fault::kHostRepeated},
      {"Host with another port", request("/", {{"host", "a.example:81"}}), Fault::kHostMismatch},
      {"connection", request("/", {{"connection", "close"}}), Fault::kConnectionField},
      {"keep-alive", request("/", {{"keep-alive", "5"}}), Fault::kConnectionField},
      {"proxy-connection", request("/", {{"proxy-connection", "close"}}), Fault::kConnectionField},
      {"upgrade", request("/", {{"upgrade", "websocket"}}), Fault::kConnectionField},
      {"http2-settings", request("/", {{"http2-settings", "AAMAAABk"}}), Fault::kConnectionField},
      {"transfer-encoding", post_with({{"transfer-encoding", "chunked"}}), Fault::kConnectionField, false},
      {"te gzip", request("/", {{"te", "gzip"}}), Fault::kConnectionField},
      {"te trailers and more", request("/", {{"te", "trailers, gzip"}}), Fault::kConnectionField},
      {"capital", request("/", {{"X-One", "1"}}), Fault::kFieldNameCase},
      {"empty name", request("/", {{"", "1"}}), Fault::kFieldNameEmpty},
      {"colon in name", request("/", {{"a:b", "1"}}), Fault::kFieldNameSyntax},
      {"space in name", request("/", {{"a b", "1"}}), Fault::kFieldNameSyntax},
      {"line end in name", request("/", {{"a\r\nb", "1"}}), Fault::kFieldNameSyntax},
      {"line end in value", request("/", {{"a", "1\r\nb: 2"}}), Fault::kControlByte},
      {"NUL in value", request("/", {{"a", std::string_view("1\0", 2)}}), Fault::kNulByte},
      {"padded value", request("/", {{"a", " 1"}}), Fault::kFieldValueSpace},
      {"value padded behind", request("/", {{"a", "1\t"}}), Fault::kFieldValueSpace},
      {"two lengths", post_with({{"content-length", "1"}, {"content-length", "1"}}), Fault::kLengthRepeated, false},
      {"list of lengths", post_with({{"content-length", "1, 1"}}), Fault::kLengthSyntax, false},
      {"signed length", post_with({{"content-length", "+1"}}), Fault::kLengthSyntax, false},
      {"huge length", post_with({{"content-length", "9223372036854775808"}}), Fault::kLengthSyntax, false},
      {"length without content", post_with({{"content-length", "1"}}), Fault::kLengthMismatch},
      {"other expectation", post_with({{"expect", "200-ok"}}), Fault::kExpectUnknown, false},
  };
}

TEST(HeaderBlock, RefusesHostileRequests) {
  for (const auto& table : {hostile_pseudo_fields(), hostile_fields()}) {
    for (const Hostile& hostile : table) {
      RequestHead head;
      EXPECT_EQ(token(read(hostile.block, head, hostile.has_ended)), token(hostile.fault)) << hostile.what;
    }
  }
}

TEST(HeaderBlock, KeepsToItsBudgets) {
  RequestRules rules;
  rules.limits.max_fields = 2;
  rules.limits.max_target = 10;
  RequestHead head;
  FieldBlock many = request("/");
  for (int i = 0; i < 9; ++i) many.add("x", "y");
  EXPECT_EQ(read_request(many, true, rules, head), Fault::kTooManyFields);
  EXPECT_EQ(read_request(request("/0123456789"), true, rules, head), Fault::kTargetTooLong);
  FieldBlock trailers;
  for (int i = 0; i < 40; ++i) trailers.add("x", "y");
  Fields fields;
  EXPECT_EQ(read_trailers(trailers, rules.limits, fields), Fault::kTrailersTooLarge);
}

TEST(HeaderBlock, TellsMalformedRequestsFromThoseThatAreAnswered) {
  EXPECT_TRUE(is_malformed(Fault::kConnectionField));
  EXPECT_TRUE(is_malformed(Fault::kLengthMismatch));
  EXPECT_FALSE(is_malformed(Fault::kPathAboveRoot));
  EXPECT_FALSE(is_malformed(Fault::kTargetTooLong));
  EXPECT_FALSE(is_malformed(Fault::kNone));
}

struct Answer {
  const char* what;
  FieldBlock block;
  bool has_ended;
  ResponseContext context;
  uint16_t status;
  BodyFraming framing;
};

TEST(HeaderBlock, ReadsAnswersByWhatWasAsked) {
  const Answer answers[] = {
      {"no length", {{":status", "200"}}, false, {}, 200, BodyFraming::chunked()},
      {"length", {{":status", "200"}, {"content-length", "7"}}, false, {}, 200, BodyFraming::of_length(7)},
      {"empty", {{":status", "404"}}, true, {}, 404, BodyFraming::of_length(0)},
      {"HEAD", {{":status", "200"}, {"content-length", "7"}}, true, {Method::kHead, {}}, 200, BodyFraming::none()},
      {"204", {{":status", "204"}}, true, {}, 204, BodyFraming::none()},
      {"304", {{":status", "304"}, {"content-length", "7"}}, true, {}, 304, BodyFraming::none()},
      {"interim", {{":status", "103"}, {"link", "x"}}, false, {}, 103, BodyFraming::none()},
      {"switch", {{":status", "200"}}, false, {Method::kGet, "websocket"}, 101, BodyFraming::none()},
      {"no switch", {{":status", "403"}}, true, {Method::kGet, "websocket"}, 403, BodyFraming::of_length(0)},
  };
  for (const Answer& answer : answers) {
    ResponseHead head;
    ASSERT_EQ(read_response(answer.block, answer.has_ended, answer.context, head), Fault::kNone) << answer.what;
    EXPECT_EQ(head.status, answer.status) << answer.what;
    EXPECT_TRUE(head.framing == answer.framing) << answer.what;
    EXPECT_EQ(head.interim, answer.status == 103) << answer.what;
    EXPECT_EQ(head.tunnel, answer.status == 101) << answer.what;
  }
}

TEST(HeaderBlock, RefusesHostileAnswers) {
  const std::pair<FieldBlock, Fault> hostile[] = {
      {{}, Fault::kPseudoFieldMissing},
      {{{"x", "y"}}, Fault::kPseudoFieldMissing},
      {{{":status", "20"}}, Fault::kStatusCode},
      {{{":status", "2000"}}, Fault::kStatusCode},
      {{{":status", "+20"}}, Fault::kStatusCode},
      {{{":status", "600"}}, Fault::kStatusCode},
      {{{":status", "101"}}, Fault::kStatusCode},
      {{{":status", "200"}, {":status", "200"}}, Fault::kPseudoFieldRepeated},
      {{{":status", "200"}, {":path", "/"}}, Fault::kPseudoFieldForbidden},
      {{{"x", "y"}, {":status", "200"}}, Fault::kPseudoFieldMisplaced},
      {{{":status", "200"}, {"connection", "close"}}, Fault::kConnectionField},
      {{{":status", "200"}, {"transfer-encoding", "chunked"}}, Fault::kConnectionField},
      {{{":status", "200"}, {"content-length", "1"}}, Fault::kLengthMismatch},
      {{{":status", "100"}}, Fault::kContentForbidden},
      {{{":status", "200"}, {"a", "b\nc"}}, Fault::kControlByte},
  };
  for (const auto& [block, fault] : hostile) {
    ResponseHead head;
    EXPECT_EQ(token(read_response(block, true, {}, head)), token(fault));
  }
}

TEST(HeaderBlock, ReadsTrailers) {
  Fields fields;
  const FieldBlock block{{"grpc-status", "0"}, {"content-length", "5"}, {"x-sum", "1"}};
  ASSERT_EQ(read_trailers(block, Limits{}, fields), Fault::kNone);
  EXPECT_THAT(lines_of(fields), ElementsAre("grpc-status: 0", "x-sum: 1"));
  EXPECT_EQ(read_trailers({{":status", "200"}}, Limits{}, fields), Fault::kPseudoFieldForbidden);
  EXPECT_EQ(read_trailers({{"connection", "close"}}, Limits{}, fields), Fault::kConnectionField);
  EXPECT_EQ(read_trailers({{"X", "1"}}, Limits{}, fields), Fault::kFieldNameCase);
}

TEST(HeaderBlock, WritesARequestThatCameByHttp1) {
  RequestHead head;
  head.method = "POST";
  head.authority = "reviews:9080";
  head.path = "/a";
  head.query = "?q";
  head.accepts_trailers = true;
  head.framing = BodyFraming::chunked();
  for (const auto& [name, value] : {std::pair{"Host", "other"},
                                    {"X-One", "1"},
                                    {"Connection", "close"},
                                    {"Keep-Alive", "1"},
                                    {"Content-Length", "9"},
                                    {"Transfer-Encoding", "chunked"}}) {
    ASSERT_TRUE(head.fields.append(name, value));
  }
  FieldBlock block;
  write_request(head, "https", block);
  EXPECT_THAT(lines_of(block), ElementsAre(":method: POST", ":scheme: https", ":path: /a?q", ":authority: reviews:9080",
                                           "x-one: 1", "te: trailers"));
}

TEST(HeaderBlock, WritesAnswers) {
  ResponseHead head;
  head.status = 101;
  head.tunnel = true;
  head.upgrade = "websocket";
  ASSERT_TRUE(head.fields.append("Sec-WebSocket-Accept", "x"));
  FieldBlock block;
  write_response(head, block);
  EXPECT_THAT(lines_of(block), ElementsAre(":status: 200", "sec-websocket-accept: x"));
  head.clear();
  head.status = 503;
  head.framing = BodyFraming::of_length(12);
  block.clear();
  write_response(head, block);
  EXPECT_THAT(lines_of(block), ElementsAre(":status: 503", "content-length: 12"));
  head.framing = BodyFraming::of_length(0);
  block.clear();
  write_response(head, block);
  EXPECT_THAT(lines_of(block), ElementsAre(":status: 503"));
}

TEST(HeaderBlock, WritesTrailersWithoutFraming) {
  Fields fields;
  ASSERT_TRUE(fields.append("X-Sum", "1"));
  ASSERT_TRUE(fields.append("Connection", "close"));
  ASSERT_TRUE(fields.append("Content-Length", "1"));
  FieldBlock block;
  write_trailers(fields, block);
  EXPECT_THAT(lines_of(block), ElementsAre("x-sum: 1"));
  fields.clear();
  block.clear();
  write_trailers(fields, block);
  EXPECT_THAT(lines_of(block), IsEmpty());
}

}  // namespace
}  // namespace ripstop::protocol
