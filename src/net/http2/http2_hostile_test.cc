// Peers that do not play fair: every budget of Http2Options, driven by frames made by hand.
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <functional>
#include <string>
#include <vector>

#include "net/http2/http2_connection.h"
#include "net/net_testing.h"
#include "runtime/wait.h"

namespace ripstop::net {
namespace {

using runtime::Reactor;
using runtime::Task;
using testing::run_until;
using testing::settle;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string number(uint32_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return number(static_cast<uint32_t>(payload.size()), 3) + static_cast<char>(type) + static_cast<char>(flags) +
         number(stream, 4) + std::string(payload);
}

// An HPACK literal without indexing; short strings only.
std::string literal(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) + static_cast<char>(value.size()) +
         std::string(value);
}

// :method GET, :scheme http, :path / by the static table, and an authority.
std::string request_block() {
  return "\x82\x86\x84" + literal(":authority", "a");
}

std::string get(uint32_t stream, bool is_last = true) {
  return frame(NGHTTP2_HEADERS, is_last ? 5 : 4, stream, request_block());
}

// The first GOAWAY's error code in what the server sent.
std::optional<uint32_t> goaway_code(std::string_view bytes) {
  while (bytes.size() >= 9) {
    const size_t size =
        static_cast<uint8_t>(bytes[0]) << 16 | static_cast<uint8_t>(bytes[1]) << 8 | static_cast<uint8_t>(bytes[2]);
    if (bytes.size() < 9 + size) return std::nullopt;
    if (bytes[3] == NGHTTP2_GOAWAY) return static_cast<uint8_t>(bytes[16]);
    bytes.remove_prefix(9 + size);
  }
  return std::nullopt;
}

std::vector<uint32_t> reset_codes(std::string_view bytes) {
  std::vector<uint32_t> codes;
  while (bytes.size() >= 9) {
    const size_t size =
        static_cast<uint8_t>(bytes[0]) << 16 | static_cast<uint8_t>(bytes[1]) << 8 | static_cast<uint8_t>(bytes[2]);
    if (bytes.size() < 9 + size) break;
    if (bytes[3] == NGHTTP2_RST_STREAM) codes.push_back(static_cast<uint8_t>(bytes[12]));
    bytes.remove_prefix(9 + size);
  }
  return codes;
}

class Hostile : public ::testing::Test {
 protected:
  void start(Http2Options options = {}) {
    StreamPair pair = make_memory_streams(1U << 20);
    peer_ = std::move(pair.first);
    server_ = Http2Connection::server(
        std::move(pair.second), [this](Http2StreamPtr stream) { return handle(std::move(stream)); }, options);
    send(std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0, ""));
  }
  Task<void> handle(Http2StreamPtr stream) {
    ++requests_;
    ++running_;
    struct Leave {
      size_t& running;
      ~Leave() { --running; }
    };
    const Leave leave{running_};
    if (is_stuck_) {
      runtime::Event never;
      co_await never.wait();
    }
    static_cast<void>(stream->write_head({{":status", "200"}}, reply_size_ == 0));
    if (reply_size_ == 0) co_return;
    static_cast<void>(co_await stream->write_body(std::string(reply_size_, 'x'), kNever));
    static_cast<void>(stream->end());
  }
  void send(std::string_view bytes) {
    while (!bytes.empty() && !server_->closed().is_set()) {
      const Transfer sent = peer_->try_write(bytes.substr(0, 60'000));
      if (sent.state == Transfer::State::kFailed) break;
      bytes.remove_prefix(sent.bytes);
      settle(reactor_);
      read();
    }
    settle(reactor_);
    read();
  }
  void read() {
    char buffer[10'000];
    while (true) {
      const Transfer got = peer_->try_read(buffer);
      if (got.state != Transfer::State::kDone) return;
      heard_.append(buffer, got.bytes);
    }
  }
  void expect_ended(uint32_t code) {
    EXPECT_TRUE(server_->closed().is_set());
    EXPECT_EQ(goaway_code(heard_), code) << (server_->failure() ? server_->failure()->message : "no failure");
    EXPECT_EQ(running_, 0U);
  }

  Reactor reactor_;
  StreamPtr peer_;
  size_t requests_ = 0;
  size_t running_ = 0;
  bool is_stuck_ = false;
  size_t reply_size_ = 0;
  std::string heard_;
  std::unique_ptr<Http2Connection> server_;
};

constexpr uint32_t kCalm = NGHTTP2_ENHANCE_YOUR_CALM;

TEST_F(Hostile, RapidResetEndsTheConnectionAndItsHandlers) {
  is_stuck_ = true;
  start();
  for (uint32_t id = 1; id < 2000 && !server_->closed().is_set(); id += 2) {
    send(get(id) + frame(NGHTTP2_RST_STREAM, 0, id, number(NGHTTP2_CANCEL, 4)));
  }
  expect_ended(kCalm);
  EXPECT_LE(requests_, 201U);
}

TEST_F(Hostile, HandlersOfResetRequestsCountAgainstTheLimitOfStreams) {
  is_stuck_ = true;
  Http2Options options;
  options.max_streams = 10;
  options.resets_received = {10'000, 0};
  options.resets_sent = {10'000, 0};
  start(options);
  for (uint32_t id = 1; id < 1000; id += 2) {
    send(get(id) + frame(NGHTTP2_RST_STREAM, 0, id, number(NGHTTP2_CANCEL, 4)));
  }
  EXPECT_FALSE(server_->closed().is_set());
  EXPECT_EQ(requests_, 20U);
}

TEST_F(Hostile, ResetsThatWeAreMadeToSendAreCountedToo) {
  start();
  // A window beyond 2^31-1 is a stream error that the server answers with a reset.
  is_stuck_ = true;
  for (uint32_t id = 1; id < 2000 && !server_->closed().is_set(); id += 2) {
    send(get(id) + frame(NGHTTP2_WINDOW_UPDATE, 0, id, number(0x7fffffff, 4)));
  }
  expect_ended(kCalm);
  EXPECT_LE(requests_, 202U);
}

TEST_F(Hostile, FloodsOfControlFramesEndTheConnection) {
  const std::vector<std::string> floods = {frame(NGHTTP2_SETTINGS, 0, 0, ""),
                                           frame(NGHTTP2_PING, 0, 0, "12345678"),
                                           frame(NGHTTP2_PING, 1, 0, "12345678"),
                                           frame(NGHTTP2_PRIORITY, 0, 3, number(0, 4) + "a"),
                                           frame(NGHTTP2_DATA, 0, 1, ""),
                                           frame(NGHTTP2_DATA, 8, 1, std::string(1, '\x03') + std::string(3, '\0')),
                                           frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number(1, 4))};
  for (const std::string& flood : floods) {
    SCOPED_TRACE(static_cast<int>(flood[3]));
    heard_.clear();
    is_stuck_ = true;
    start();
    send(get(1, false));
    for (int i = 0; i < 100 && !server_->closed().is_set(); ++i) {
      std::string many;
      for (int j = 0; j < 50; ++j) many += flood;
      send(many);
    }
    expect_ended(kCalm);
  }
}

TEST_F(Hostile, ContinuationFloodEndsTheConnection) {
  start();
  send(frame(NGHTTP2_HEADERS, 1, 1, request_block()));
  for (int i = 0; i < 1000 && !server_->closed().is_set(); ++i) send(frame(NGHTTP2_CONTINUATION, 0, 1, ""));
  expect_ended(kCalm);
  EXPECT_EQ(requests_, 0U);
  EXPECT_EQ(server_->failure()->code, ErrorCode::kTooLarge);
}

TEST_F(Hostile, FramesOfUnknownTypesAreIgnoredWhileTheyAreFew) {
  start();
  for (int i = 0; i < 50; ++i) send(frame(0x77, 0xFF, 1, "whatever"));
  send(get(1));
  EXPECT_EQ(requests_, 1U);
  for (int i = 0; i < 50 && !server_->closed().is_set(); ++i) {
    std::string many;
    for (int j = 0; j < 50; ++j) many += frame(0x77, 0, 0, "x");
    send(many);
  }
  expect_ended(kCalm);
}

TEST_F(Hostile, HeadsOnStreamsThatAreGoneAreCounted) {
  is_stuck_ = true;
  start();
  // Reset here, so that what comes on the stream may have been under way.
  send(frame(NGHTTP2_HEADERS, 4, 1, "\x82\x86\x84" + literal("X-Upper", "a")));
  EXPECT_EQ(reset_codes(heard_), std::vector<uint32_t>{NGHTTP2_PROTOCOL_ERROR});
  for (int i = 0; i < 2000 && !server_->closed().is_set(); ++i) {
    send(frame(NGHTTP2_HEADERS, 4, 1, std::string(1000, '\x82')));
  }
  expect_ended(kCalm);
}

TEST_F(Hostile, HeadsThatAddUpToTooMuchAreRefused) {
  is_stuck_ = true;
  Http2Options options;
  options.max_held_field_bytes = 2000;
  start(options);
  for (uint32_t id = 1; id < 40; id += 2) send(get(id));
  EXPECT_EQ(requests_, 12U) << "of 166 bytes each";
  EXPECT_EQ(reset_codes(heard_), std::vector<uint32_t>(8, NGHTTP2_REFUSED_STREAM));
  EXPECT_FALSE(server_->closed().is_set());
}

TEST_F(Hostile, RequestsThatBringAFrameEachAreNoFlood) {
  start();
  for (uint32_t id = 1; id < 8000; id += 2) send(frame(NGHTTP2_PRIORITY, 0, id, number(0, 4) + "a") + get(id));
  EXPECT_EQ(requests_, 4000U);
  EXPECT_FALSE(server_->closed().is_set());
}

TEST_F(Hostile, AllStreamsTogetherTakeABoundedAmountAheadOfTheWindow) {
  reply_size_ = 1'000'000;
  Http2Options options;
  options.connection_send_buffer = 100'000;
  start(options);
  send(frame(NGHTTP2_SETTINGS, 0, 0, number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + number(0, 4)));
  for (uint32_t id = 1; id < 100; id += 2) send(get(id));
  EXPECT_EQ(running_, 50U);
  // Each is served once its own window opens, whatever the others are stuck with.
  for (uint32_t id = 1; id < 100; id += 2) send(frame(NGHTTP2_WINDOW_UPDATE, 0, id, number(1'000'000, 4)));
  for (int i = 0; i < 10'000 && running_ != 0; ++i) send(frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number(100'000, 4)));
  EXPECT_EQ(running_, 0U);
}

TEST_F(Hostile, HpackBombIsStoppedAtTwiceTheBudgetWhateverTheFieldIsCalled) {
  for (const std::string name : {"x", "cookie", "host"}) {
    heard_.clear();
    start();
    // One field of 4000 bytes put into the dynamic table, then referred to by one byte each.
    std::string block = request_block();
    block += std::string("\x40") + static_cast<char>(name.size()) + name + "\x7f\xa1\x1e" + std::string(4000, 'v');
    block += std::string(10'000, '\xbe');
    send(frame(NGHTTP2_HEADERS, 5, 1, block));
    SCOPED_TRACE(name + " " + ::testing::PrintToString(heard_));
    expect_ended(kCalm);
    EXPECT_EQ(requests_, 0U);
  }
}

TEST_F(Hostile, AHeadOverTheBudgetGets431AndTheConnectionGoesOn) {
  start();
  std::string block = request_block();
  for (int i = 0; i < 120; ++i) block += literal("x", "y");
  send(frame(NGHTTP2_HEADERS, 5, 1, block));
  EXPECT_FALSE(server_->closed().is_set());
  EXPECT_NE(heard_.find("431"), std::string::npos);
  EXPECT_EQ(requests_, 0U);
  send(get(3));
  EXPECT_EQ(requests_, 1U);
}

TEST_F(Hostile, MalformedRequestsAreResetAndReachNoHandler) {
  const std::vector<std::string> blocks = {"\x82\x86\x84" + literal("X-Upper", "a"),
                                           "\x82\x86\x84" + literal("connection", "close"),
                                           "\x82\x86\x84" + literal("x", "a\nb"),
                                           "\x82\x86" + literal("x", "no path"),
                                           "\x82\x82\x86\x84",
                                           "\x82\x86\x84" + literal("te", "gzip"),
                                           "\x82\x86\x84" + literal("transfer-encoding", "chunked")};
  start();
  uint32_t id = 1;
  for (const std::string& block : blocks) {
    heard_.clear();
    send(frame(NGHTTP2_HEADERS, 5, id, block));
    EXPECT_EQ(reset_codes(heard_), std::vector<uint32_t>{NGHTTP2_PROTOCOL_ERROR}) << id;
    id += 2;
  }
  EXPECT_EQ(requests_, 0U);
  EXPECT_FALSE(server_->closed().is_set());
}

TEST_F(Hostile, APeerThatOpensNoWindowLosesItsStreamsInTime) {
  reply_size_ = 1'000'000;
  Http2Options options;
  options.stall_timeout = std::chrono::milliseconds(20);
  start(options);
  // A window of zero for every stream.
  send(frame(NGHTTP2_SETTINGS, 0, 0, number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + number(0, 4)));
  for (uint32_t id = 1; id < 100; id += 2) send(get(id));
  EXPECT_EQ(requests_, 50U);
  EXPECT_TRUE(run_until(reactor_, [this] { return running_ == 0; }));
  read();
  EXPECT_EQ(reset_codes(heard_).size(), 50U);
  EXPECT_FALSE(server_->closed().is_set());
}

TEST_F(Hostile, APeerThatReadsNothingIsDroppedInTime) {
  reply_size_ = 60'000;
  Http2Options options;
  options.stall_timeout = std::chrono::milliseconds(20);
  StreamPair pair = make_memory_streams(1000);
  peer_ = std::move(pair.first);
  server_ = Http2Connection::server(
      std::move(pair.second), [this](Http2StreamPtr stream) { return handle(std::move(stream)); }, options);
  ASSERT_EQ(peer_->try_write(std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0, "") + get(1)).state,
            Transfer::State::kDone);
  EXPECT_TRUE(run_until(reactor_, [this] { return server_->closed().is_set(); }));
  EXPECT_EQ(server_->failure()->code, ErrorCode::kTimeout);
}

TEST_F(Hostile, SlowBeginningsAndSlowHeadsTimeOut) {
  Http2Options options;
  options.handshake_timeout = options.header_timeout = std::chrono::milliseconds(20);
  for (const std::string& bytes : {std::string("PRI * HT"), std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0, "") +
                                                                frame(NGHTTP2_HEADERS, 1, 1, request_block())}) {
    StreamPair pair = make_memory_streams();
    peer_ = std::move(pair.first);
    server_ = Http2Connection::server(
        std::move(pair.second), [this](Http2StreamPtr stream) { return handle(std::move(stream)); }, options);
    ASSERT_EQ(peer_->try_write(bytes).state, Transfer::State::kDone);
    EXPECT_TRUE(run_until(reactor_, [this] { return server_->closed().is_set(); }));
    EXPECT_EQ(server_->failure()->code, ErrorCode::kTimeout);
  }
}

TEST_F(Hostile, NotHttp2AtAllEndsTheConnection) {
  start();
  StreamPair pair = make_memory_streams();
  peer_ = std::move(pair.first);
  server_ = Http2Connection::server(std::move(pair.second),
                                    [this](Http2StreamPtr stream) { return handle(std::move(stream)); });
  send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_TRUE(server_->closed().is_set());
}

TEST_F(Hostile, FramesOnStreamsThatThePeerHasEndedEndTheConnection) {
  struct Row {
    const char* what;
    std::string before;
    std::string after;
    Http2Code code;
  };
  const Row rows[] = {
      {"DATA behind the end", get(1), frame(NGHTTP2_DATA, 0, 1, "x"), Http2Code::kStreamClosed},
      {"HEADERS behind the end", get(1), get(1), Http2Code::kStreamClosed},
      {"DATA behind a reset", get(1, false) + frame(NGHTTP2_RST_STREAM, 0, 1, number(8, 4)),
       frame(NGHTTP2_DATA, 0, 1, "x"), Http2Code::kStreamClosed},
      {"a stream passed over", get(5), get(3), Http2Code::kProtocolError},
      {"PRIORITY of the connection", "", frame(NGHTTP2_PRIORITY, 0, 0, number(1, 4) + "x"), Http2Code::kProtocolError},
      {"PRIORITY of a stream on itself", "", frame(NGHTTP2_PRIORITY, 0, 1, number(1, 4) + "x"),
       Http2Code::kProtocolError},
  };
  for (const Row& row : rows) {
    heard_.clear();
    start();
    send(row.before);
    EXPECT_FALSE(server_->closed().is_set()) << row.what;
    send(row.after);
    EXPECT_EQ(goaway_code(heard_), static_cast<uint32_t>(row.code)) << row.what;
    EXPECT_TRUE(server_->closed().is_set()) << row.what;
  }
}

TEST_F(Hostile, WhatWasUnderWayWhenWeResetIsNoViolation) {
  reply_size_ = 0;
  start();
  send(get(1, false));
  send(frame(NGHTTP2_DATA, 0, 1, "late") + frame(NGHTTP2_HEADERS, 5, 1, literal("x-late", "1")));
  send(get(3));
  EXPECT_EQ(requests_, 2U);
  EXPECT_FALSE(server_->closed().is_set());
}

TEST_F(Hostile, DataBeyondTheWindowEndsTheConnection) {
  is_stuck_ = true;
  Http2Options options;
  options.stream_window = 65535;
  options.connection_window = 65535;
  start(options);
  send(get(1, false));
  for (int i = 0; i < 10 && !server_->closed().is_set(); ++i) {
    send(frame(NGHTTP2_DATA, 0, 1, std::string(16'000, 'd')));
  }
  expect_ended(NGHTTP2_FLOW_CONTROL_ERROR);
}

}  // namespace
}  // namespace ripstop::net
