// What a client claims to be, in the field that sidecars tell each other's labels in: whatever it says, what is
// believed can be written and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/bytes/fuzz_input.h"
#include "proxy/request_headers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using ripstop::protocol::require;
  ripstop::model::PeerLabels labels;
  const std::string_view value(reinterpret_cast<const char*>(bytes), size);
  if (!ripstop::proxy::parse_peer(value, labels)) {
    require(labels == ripstop::model::PeerLabels());
    return 0;
  }
  ripstop::model::PeerLabels again;
  const std::string written = ripstop::proxy::format_peer(labels);
  // Keys of a later version say nothing to this one, and who has nothing to say sends no field.
  if (labels == again) return require(written.empty()), 0;
  // Written anew it may be longer than what is read: three bytes for one.
  if (written.size() > size) return 0;
  require(ripstop::proxy::parse_peer(written, again) && again == labels);
  return 0;
}
