#include "protocol/head.h"

#include <algorithm>
#include <array>

namespace ripstop::protocol {
namespace {

struct Reason {
  uint16_t status;
  std::string_view text;
};

constexpr auto kReasons = std::to_array<Reason>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
});
static_assert(std::ranges::is_sorted(kReasons, {}, &Reason::status));

}  // namespace

void RequestHead::clear() {
  method_kind = Method::kOther;
  version = Version::kHttp11;
  form = TargetForm::kOrigin;
  keep_alive = true;
  expects_continue = false;
  accepts_trailers = false;
  framing = {};
  method = target = scheme = authority = path = query = upgrade = {};
  fields.clear();
}

void RequestHead::set_authority(std::string_view text) {
  authority = storage.authority.assign(text);
}
void RequestHead::set_path(std::string_view text) {
  path = storage.path.assign(text);
}
void RequestHead::set_query(std::string_view text) {
  query = storage.query.assign(text);
}
void RequestHead::set_method(std::string_view text) {
  method = storage.method.assign(text);
  method_kind = identify_method(method);
}

void ResponseHead::clear() {
  status = 0;
  version = Version::kHttp11;
  keep_alive = true;
  interim = false;
  tunnel = false;
  framing = {};
  reason = upgrade = {};
  fields.clear();
}

Method identify_method(std::string_view method) {
  if (method == "GET") return Method::kGet;
  if (method == "HEAD") return Method::kHead;
  if (method == "CONNECT") return Method::kConnect;
  if (method == "OPTIONS") return Method::kOptions;
  if (method == "TRACE") return Method::kTrace;
  return Method::kOther;
}

std::string_view standard_reason(uint16_t status) {
  const auto* found = std::ranges::lower_bound(kReasons, status, {}, &Reason::status);
  return found != kReasons.end() && found->status == status ? found->text : std::string_view{};
}

}  // namespace ripstop::protocol
