// The lines of a head, under its budgets: a start line, field lines, an empty line. Shared by requests and responses.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "protocol/bytes/byte_class.h"
#include "protocol/fault.h"
#include "protocol/fields.h"
#include "protocol/head.h"
#include "protocol/http1/field_line.h"
#include "protocol/http1/line_reader.h"

namespace ripstop::protocol {

// HTTP-version of a start line (RFC 9112 section 2.3): case-sensitive, one digit either side of the dot.
[[nodiscard]] inline Fault parse_version(std::string_view text, Version& version) {
  const bool well_formed =
      text.size() == 8 && text.starts_with("HTTP/") && kDigit.has(text[5]) && text[6] == '.' && kDigit.has(text[7]);
  if (!well_formed) return Fault::kVersionSyntax;
  if (text[5] != '1' || text[7] > '1') return Fault::kVersionUnsupported;
  version = text[7] == '1' ? Version::kHttp11 : Version::kHttp10;
  return Fault::kNone;
}

struct HeadResult {
  enum class State {
    kMore,   // feed more bytes; nothing of the head may be used yet
    kDone,   // `consumed` bytes were the head, content or the next message follows
    kFault,  // answer request_status(fault) (a faulty response: 502) and close
  };
  State state = State::kMore;
  size_t consumed = 0;
  Fault fault = Fault::kNone;
};

class HeadLines {
 public:
  struct Budget {
    size_t max_head;
    size_t max_fields;
    // Bytes that a start line may take, and the fault when it takes more.
    size_t max_start_line;
    Fault start_line_fault;
    // One empty line before the start line is skipped (RFC 9112 section 2.2).
    bool skip_empty_line;
  };

  // Calls start_line(begin, size), which returns a Fault, once its line is complete, and adds field lines to `fields`.
  // Budgets bound the bytes looked at, so the verdict does not depend on how the bytes arrive.
  template <typename StartLine>
  [[nodiscard]] HeadResult read(std::string_view buffer, const Budget& budget, Fields& fields, StartLine start_line) {
    while (true) {
      const bool in_start = !start_line_done_;
      const size_t window =
          std::min(budget.max_head, in_start ? lines_.consumed() + budget.max_start_line : budget.max_head);
      const LineReader::Step line = lines_.next(buffer.substr(0, window));
      if (line.state == LineReader::State::kFault) return failed(line.fault);
      if (line.state == LineReader::State::kMore) {
        if (buffer.size() < window) return {};
        return failed(in_start ? budget.start_line_fault : Fault::kHeadTooLarge);
      }
      if (line.size == 0 && in_start && line.begin == 0 && budget.skip_empty_line) continue;
      if (line.size == 0 && !in_start) return {.state = HeadResult::State::kDone, .consumed = lines_.consumed()};
      if (!in_start && field_lines_ == budget.max_fields) return failed(Fault::kTooManyFields);
      const Fault fault = in_start ? start_line(line.begin, line.size)
                                   : parse_field_line(buffer, line.begin, line.size, field_lines_ == 0, fields);
      if (fault != Fault::kNone) return failed(fault);
      field_lines_ += in_start ? 0 : 1;
      start_line_done_ = true;
    }
  }

  void reset() { *this = {}; }

 private:
  static HeadResult failed(Fault fault) { return {.state = HeadResult::State::kFault, .fault = fault}; }

  LineReader lines_;
  size_t field_lines_ = 0;
  bool start_line_done_ = false;
};

}  // namespace ripstop::protocol
