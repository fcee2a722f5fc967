// Looking into the first message of a TLS connection without being a party to it (RFC 8446 section 4.1.2, RFC 6066
// section 3, RFC 7301). Decides what a connection is and where it wants to go before any handshake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ripstop::protocol {

struct ClientHello {
  // Lower case, empty when the client sent none. Letters, digits, '-', '.' and '_' only.
  std::string server_name;
  // In the client's order of preference.
  std::vector<std::string> alpn;
  // Protocol versions as on the wire (0x0304 is TLS 1.3); the legacy version when the client did not list any.
  std::vector<uint16_t> versions;
};

class ClientHelloParser {
 public:
  enum class State {
    kMore,
    kDone,
    kNotTls,    // the bytes are something else
    kMalformed  // TLS, but not well formed or larger than kMaxBytes: close the connection
  };

  // Bytes of records that are looked at, headers included.
  static constexpr size_t kMaxBytes = size_t{16} * 1024;

  // `buffer` holds everything the client has sent so far. Complete records are read once, so feeding byte by byte is
  // linear. `hello` is filled on kDone. Nothing is consumed: the bytes go on to whoever ends the handshake.
  [[nodiscard]] State parse(std::string_view buffer, ClientHello& hello);

 private:
  State take_record(std::string_view buffer);

  // Bytes of `buffer` whose records were taken.
  size_t taken_ = 0;
  // The handshake message put together from its records.
  std::string handshake_;
};

}  // namespace ripstop::protocol
