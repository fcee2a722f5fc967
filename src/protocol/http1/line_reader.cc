#include "protocol/http1/line_reader.h"

#include "protocol/bytes/byte_class.h"

namespace ripstop::protocol {
namespace {

Fault fault_of(char control) {
  switch (control) {
    case '\n':
      return Fault::kBareLf;
    case '\0':
      return Fault::kNulByte;
    default:
      return Fault::kControlByte;
  }
}

}  // namespace

LineReader::Step LineReader::next(std::string_view buffer) {
  scanned_ += find_control(buffer.substr(scanned_));
  if (scanned_ == buffer.size()) return {};
  if (buffer[scanned_] != '\r') return {.state = State::kFault, .fault = fault_of(buffer[scanned_])};
  if (scanned_ + 1 == buffer.size()) return {};
  if (buffer[scanned_ + 1] != '\n') return {.state = State::kFault, .fault = Fault::kBareCr};
  const Step step{.state = State::kLine, .begin = line_, .size = scanned_ - line_};
  line_ = scanned_ += 2;
  return step;
}

}  // namespace ripstop::protocol
