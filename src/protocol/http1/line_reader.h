// Finds complete CR LF lines in a buffer that grows, resumably: each byte is looked at once however the bytes arrive.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/fault.h"

namespace ripstop::protocol {

class LineReader {
 public:
  enum class State { kMore, kLine, kFault };
  struct Step {
    State state = State::kMore;
    // kLine: offset of the line and its size without CR LF. The line holds no control byte but HTAB.
    size_t begin = 0;
    size_t size = 0;
    Fault fault = Fault::kNone;
  };

  // `buffer` begins where it began on the first call and holds at least what it held on the last.
  [[nodiscard]] Step next(std::string_view buffer);
  // Offset behind the last line handed out.
  [[nodiscard]] size_t consumed() const { return line_; }
  void reset() { line_ = scanned_ = 0; }

 private:
  size_t line_ = 0;
  // No control byte lies in [line_, scanned_).
  size_t scanned_ = 0;
};

}  // namespace ripstop::protocol
