#include <utility>

#include "base/text.h"
#include "control/api/calls.h"
#include "control/api/write_json.h"

namespace ripstop::control {
namespace {

// Sends every change after `since` as it comes, until the control plane stops or the client goes.
runtime::Task<Status> send_changes(Store& store, ChangeFeed& feed, uint64_t since, net::HttpBodyWriter& writer) {
  ChangeFeed::Listener listener(feed);
  while (!listener.is_over()) {
    listener.changed().clear();
    const auto changes = store.changes_since(since);
    if (!changes) co_return std::unexpected(changes.error());
    std::string lines;
    for (const Change& change : *changes) lines += change_json(change);
    if (!changes->empty()) since = changes->back().revision;
    if (Status sent = co_await writer.write(std::move(lines)); !sent) co_return sent;
    co_await listener.changed().wait();
  }
  co_return Status{};
}

}  // namespace

ApiReply get_health(ApiContext& context, const ApiCall& /*call*/) {
  return net::http_json(200, health_json(context.store.revision()));
}

ApiReply get_services(ApiContext& context, const ApiCall& /*call*/) {
  return net::http_json(200, services_json(*context.catalogue.snapshot()));
}

ApiReply get_proxies(ApiContext& context, const ApiCall& /*call*/) {
  return net::http_json(200, proxies_json(context.ads.status(), context.store.revision()));
}

ApiReply get_diagnostics(ApiContext& context, const ApiCall& /*call*/) {
  return net::http_json(200, findings_json(context.catalogue.diagnostics()));
}

ApiReply watch_changes(ApiContext& context, const ApiCall& call) {
  uint64_t since = context.store.revision();
  if (const auto wanted = call.request.query("since")) {
    const auto number = parse_number<uint64_t>(*wanted);
    if (!number) return fail(ErrorCode::kInvalidArgument, "\"since\" must be a revision, a whole number");
    since = *number;
  }
  if (const auto changes = context.store.changes_since(since); !changes) {
    // Deletions since then are forgotten, and will be for every later try as well.
    const bool is_too_old = changes.error().code == ErrorCode::kNotFound;
    return fail(is_too_old ? ErrorCode::kClosed : changes.error().code, changes.error().message);
  }
  net::HttpReply reply;
  reply.content_type = "application/x-ndjson";
  reply.stream = [&context, since](net::HttpBodyWriter& writer) {
    return send_changes(context.store, context.feed, since, writer);
  };
  return reply;
}

}  // namespace ripstop::control
