// Runs the strictness table through parser, body decoder and writer, fed whole and cut in every way that matters.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "protocol/http1/body.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/request_parser.h"
#include "protocol/http1/response_parser.h"
#include "protocol/http1/strictness_table.h"

namespace ripstop::protocol {
namespace {

using strictness::Case;
using strictness::Kind;
using strictness::Verdict;

// What came of a row: the outcome, and what went on up to there.
struct Judged {
  Verdict::Outcome outcome = Verdict::Outcome::kIncomplete;
  uint16_t status = 0;
  std::string_view token;
  std::string forwarded;
};

// Feeds one connection's bytes in pieces, as a proxy would: a growing buffer for heads, pieces for content.
class Connection {
 public:
  explicit Connection(Kind kind) : kind_(kind) {}

  // False after a fault.
  bool feed(std::string_view piece) {
    buffer_ += piece;
    while (!failed_ && !buffer_.empty() && (in_body_ ? read_body() : read_head())) {
    }
    return !failed_;
  }

  Judged finish() {
    if (failed_) return judged_;
    if (in_body_ && body_.end_of_stream()) end_message();
    const bool whole = !in_body_ && buffer_.empty();
    judged_.outcome = whole ? Verdict::Outcome::kAccept : Verdict::Outcome::kIncomplete;
    return judged_;
  }

 private:
  bool read_head() {
    const HeadResult result =
        is_request() ? requests_.parse(buffer_, request_) : responses_.parse(buffer_, context(), response_);
    if (result.state == HeadResult::State::kFault) return fail(result.fault);
    if (result.state == HeadResult::State::kMore) return false;
    framing_ = is_request() ? request_.framing : response_.framing;
    if (is_request()) {
      append_encoded(request_, ConnectionSignal::kNone, judged_.forwarded);
    } else {
      append_encoded(response_, ConnectionSignal::kNone, judged_.forwarded);
    }
    buffer_.erase(0, result.consumed);
    content_.clear();
    body_.reset(framing_);
    in_body_ = true;
    if (body_.is_done()) end_message();
    return true;
  }

  bool read_body() {
    const BodyStep step = body_.next(buffer_);
    if (step.state == BodyStep::State::kFault) return fail(step.fault);
    content_ += step.data;
    buffer_.erase(0, step.consumed);
    if (body_.is_done()) end_message();
    return true;
  }

  void end_message() {
    in_body_ = false;
    requests_.reset();
    responses_.reset();
    if (framing_.kind != BodyFraming::Kind::kChunked) {
      judged_.forwarded += content_;
      return;
    }
    if (!content_.empty()) {
      judged_.forwarded.append(ChunkPrefix(content_.size()).text()).append(content_).append(kChunkEnd);
    }
    judged_.forwarded += kLastChunk;
    for (const Field field : body_.trailers()) {
      judged_.forwarded.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    judged_.forwarded += "\r\n";
  }

  bool fail(Fault fault) {
    failed_ = true;
    judged_.outcome = Verdict::Outcome::kReject;
    judged_.status = is_request() ? request_status(fault) : uint16_t{502};
    judged_.token = token(fault);
    return false;
  }

  [[nodiscard]] bool is_request() const { return kind_ == Kind::kRequest; }
  [[nodiscard]] ResponseContext context() const {
    if (kind_ == Kind::kHeadResponse) return {.request_method = Method::kHead};
    if (kind_ == Kind::kConnectResponse) return {.request_method = Method::kConnect};
    if (kind_ == Kind::kUpgradeResponse) return {.request_method = Method::kGet, .request_upgrade = "websocket"};
    return {.request_method = Method::kGet};
  }

  const Kind kind_;
  const RequestRules rules_;
  RequestParser requests_{rules_};
  ResponseParser responses_{rules_.limits};
  RequestHead request_;
  ResponseHead response_;
  BodyDecoder body_{rules_.limits};
  BodyFraming framing_;
  std::string buffer_;
  std::string content_;
  Judged judged_;
  bool in_body_ = false;
  bool failed_ = false;
};

Judged judge(const Case& row, size_t piece_size) {
  Connection connection(row.kind);
  for (size_t at = 0; at < row.bytes.size(); at += piece_size) {
    if (!connection.feed(row.bytes.substr(at, piece_size))) break;
  }
  return connection.finish();
}

void for_each_row(const std::function<void(const Case&)>& run) {
  for (const std::span<const Case> part : strictness::kTable) {
    for (const Case& row : part) {
      SCOPED_TRACE(row.name);
      run(row);
    }
  }
}

void expect_verdict(const Case& row, size_t piece_size) {
  const Judged judged = judge(row, piece_size);
  EXPECT_EQ(judged.outcome, row.verdict.outcome) << judged.token;
  if (row.verdict.outcome == Verdict::Outcome::kAccept) EXPECT_EQ(judged.forwarded, row.verdict.forwarded);
  if (row.verdict.outcome != Verdict::Outcome::kReject) return;
  EXPECT_EQ(judged.token, row.verdict.token);
  EXPECT_EQ(judged.status, row.verdict.status);
}

TEST(Strictness, EveryRowHasItsVerdictWhenFedWhole) {
  for_each_row([](const Case& row) { expect_verdict(row, row.bytes.size()); });
}

TEST(Strictness, EveryRowHasTheSameVerdictFedByteByByte) {
  for_each_row([](const Case& row) { expect_verdict(row, 1); });
}

TEST(Strictness, EveryRowHasTheSameVerdictInPiecesOfTwoToSeventeen) {
  for (size_t size = 2; size <= 17; ++size) {
    for_each_row([&](const Case& row) { expect_verdict(row, size); });
  }
}

TEST(Strictness, WhatGoesOnIsAcceptedAndGoesOnUnchanged) {
  for_each_row([](const Case& row) {
    if (row.verdict.outcome != Verdict::Outcome::kAccept) return;
    Case again = row;
    again.bytes = row.verdict.forwarded;
    // The names of re-written framing fields move to the end, which a second pass leaves as it is.
    const Judged first = judge(again, again.bytes.size());
    EXPECT_EQ(first.outcome, Verdict::Outcome::kAccept) << first.token;
    again.bytes = first.forwarded;
    EXPECT_EQ(judge(again, again.bytes.size()).forwarded, first.forwarded);
  });
}

TEST(Strictness, TheTableHasTwoHundredRowsWithDistinctNames) {
  std::set<std::string_view> names;
  for_each_row([&](const Case& row) { EXPECT_TRUE(names.insert(row.name).second); });
  EXPECT_GE(names.size(), 200U);
}

}  // namespace
}  // namespace ripstop::protocol
