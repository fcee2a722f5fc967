#include "protocol/http1/request_parser.h"

#include <gtest/gtest.h>

#include <array>

#include "base/testing/counting_new.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/response_parser.h"

namespace ripstop::protocol {
namespace {

class RequestParserTest : public testing::Test {
 protected:
  HeadResult parse(std::string_view bytes) {
    parser_.reset();
    return parser_.parse(bytes, head_);
  }

  const RequestRules rules_;
  RequestParser parser_{rules_};
  RequestHead head_;
};

TEST_F(RequestParserTest, GivesEveryPartOfARequest) {
  const std::string_view bytes =
      "POST http://Shop.example:8080/a/../b?q=1 HTTP/1.1\r\nHost: shop.example:8080\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\nTE: trailers\r\nConnection: TE\r\n\r\nabc";
  const HeadResult result = parse(bytes);
  ASSERT_EQ(result.state, HeadResult::State::kDone) << token(result.fault);
  EXPECT_EQ(result.consumed, bytes.size() - 3);
  EXPECT_EQ(head_.method, "POST");
  EXPECT_EQ(head_.target, "http://Shop.example:8080/a/../b?q=1");
  EXPECT_EQ(head_.form, TargetForm::kAbsolute);
  EXPECT_EQ(head_.scheme, "http");
  EXPECT_EQ(head_.authority, "shop.example:8080");
  EXPECT_EQ(head_.path, "/b");
  EXPECT_EQ(head_.query, "?q=1");
  EXPECT_EQ(head_.framing, BodyFraming::of_length(3));
  EXPECT_TRUE(head_.expects_continue);
  EXPECT_TRUE(head_.accepts_trailers);
  EXPECT_TRUE(head_.keep_alive);
}

TEST_F(RequestParserTest, PersistenceFollowsVersionAndConnection) {
  const auto keeps_alive = [&](std::string_view bytes) {
    EXPECT_EQ(parse(bytes).state, HeadResult::State::kDone) << bytes;
    return head_.keep_alive;
  };
  EXPECT_TRUE(keeps_alive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keeps_alive("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"));
  EXPECT_FALSE(keeps_alive("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: y, close\r\n\r\n"));
  EXPECT_FALSE(keeps_alive("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(keeps_alive("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_FALSE(keeps_alive("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n"));
}

TEST_F(RequestParserTest, AnExpectationCountsOnlyWithContentInHttp11) {
  ASSERT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").state, HeadResult::State::kDone);
  EXPECT_FALSE(head_.expects_continue);
  ASSERT_EQ(parse("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n").state,
            HeadResult::State::kDone);
  EXPECT_FALSE(head_.expects_continue);
}

TEST_F(RequestParserTest, FieldsThatBelongToTheConnectionAreNotInTheHead) {
  ASSERT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x-secret, upgrade\r\nX-Secret: 1\r\nUpgrade: "
                  "websocket\r\nKeep-Alive: 5\r\n\r\n")
                .state,
            HeadResult::State::kDone);
  EXPECT_EQ(head_.upgrade, "websocket");
  EXPECT_EQ(head_.fields.size(), 1U);
  EXPECT_FALSE(head_.fields.find("x-secret"));
}

TEST_F(RequestParserTest, SmallerBudgetsAreHonoured) {
  RequestRules rules;
  rules.limits = {.max_head = 64, .max_fields = 2, .max_target = 4};
  RequestParser parser(rules);
  RequestHead head;
  const auto fault = [&](std::string_view bytes) {
    parser.reset();
    return parser.parse(bytes, head).fault;
  };
  EXPECT_EQ(fault("GET /abc HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"), Fault::kNone);
  EXPECT_EQ(fault("GET /abcd HTTP/1.1\r\nHost: a\r\n\r\n"), Fault::kTargetTooLong);
  EXPECT_EQ(fault("GET /abc HTTP/1.1\r\nHost: a\r\nX: y\r\nZ: w\r\n\r\n"), Fault::kTooManyFields);
  EXPECT_EQ(fault("GET /abc HTTP/1.1\r\nHost: a\r\nX: " + std::string(40, 'y')), Fault::kHeadTooLarge);
}

TEST_F(RequestParserTest, EditsAppearInWhatIsWritten) {
  ASSERT_EQ(parse("GET /old?q HTTP/1.1\r\nHost: old\r\nX: 1\r\nY: 2\r\n\r\n").state, HeadResult::State::kDone);
  head_.set_path("/new");
  head_.set_authority("new.example");
  head_.fields.drop("x");
  ASSERT_TRUE(head_.fields.append("z", "3"));
  std::string out;
  append_encoded(head_, ConnectionSignal::kClose, out);
  EXPECT_EQ(out, "GET /new?q HTTP/1.1\r\nhost: new.example\r\nY: 2\r\nz: 3\r\nconnection: close\r\n\r\n");
}

TEST_F(RequestParserTest, AFilterThatReframesNeverLeavesALengthBehind) {
  ASSERT_EQ(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n").state, HeadResult::State::kDone);
  head_.framing = BodyFraming::chunked();
  std::string out;
  append_encoded(head_, ConnectionSignal::kNone, out);
  EXPECT_EQ(out, "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n");
  reframe(head_, BodyFraming::of_length(7));
  out.clear();
  append_encoded(head_, ConnectionSignal::kNone, out);
  EXPECT_EQ(out, "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 7\r\n\r\n");
}

TEST_F(RequestParserTest, NothingIsAllocatedOnTheSteadyPath) {
  const std::string_view bytes =
      "GET /a?b HTTP/1.1\r\nHost: reviews:9080\r\nUser-Agent: x\r\nCookie: y\r\nConnection: keep-alive\r\n\r\n";
  std::array<char, 4096> out;
  size_t after_first = 0;
  for (int round = 0; round < 3; ++round) {
    if (round == 1) after_first = allocations_so_far();
    ASSERT_EQ(parse(bytes).state, HeadResult::State::kDone);
    ASSERT_TRUE(head_.fields.set("x-request-id", "2f1c7a54-5a0e-4a8e-9f53-0d1f1c1f0a77"));
    head_.set_path("/a/rather/long/path/that/does/not/fit/in/a/small/string");
    ASSERT_LE(encoded_bound(head_), out.size());
    ASSERT_GT(encode(head_, ConnectionSignal::kNone, out), bytes.size());
  }
  EXPECT_EQ(allocations_so_far(), after_first);
}

TEST(ResponseParser, GivesEveryPartOfAResponse) {
  const Limits limits;
  ResponseParser parser(limits);
  ResponseHead head;
  ASSERT_EQ(parser.parse("HTTP/1.0 200 Fine\r\nX: 1\r\n\r\n", {}, head).state, HeadResult::State::kDone);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.reason, "Fine");
  EXPECT_EQ(head.version, Version::kHttp10);
  EXPECT_EQ(head.framing, BodyFraming::until_close());
  EXPECT_FALSE(head.keep_alive);
  parser.reset();
  ASSERT_EQ(parser.parse("HTTP/1.1 100 Continue\r\n\r\n", {}, head).state, HeadResult::State::kDone);
  EXPECT_TRUE(head.interim);
  parser.reset();
  ASSERT_EQ(parser.parse("HTTP/1.1 200 OK\r\n\r\n", {.request_method = Method::kConnect}, head).state,
            HeadResult::State::kDone);
  EXPECT_TRUE(head.tunnel);
}

TEST(ResponseWriter, TellsHttp10ClientsThatTheConnectionStays) {
  ResponseHead head;
  head.status = 204;
  std::string out;
  append_encoded(head, ConnectionSignal::kKeepAlive, out);
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n");
}

}  // namespace
}  // namespace ripstop::protocol
