#include "dialect/istio/routing/resilience.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/text.h"
#include "dialect/istio/defaults.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

using model::RetryOn;

constexpr uint32_t kMillion = 1'000'000;
constexpr uint32_t kPerMillionOfPercent = 10'000;

constexpr std::array<std::pair<std::string_view, RetryOn>, 15> kRetryWords = {{
    {"5xx", RetryOn::k5xx},
    {"gateway-error", RetryOn::kGatewayError},
    {"reset", RetryOn::kReset},
    {"reset-before-request", RetryOn::kResetBeforeRequest},
    {"connect-failure", RetryOn::kConnectFailure},
    {"refused-stream", RetryOn::kRefusedStream},
    {"retriable-4xx", RetryOn::kRetriable4xx},
    {"retriable-status-codes", RetryOn::kRetriableStatusCodes},
    {"retriable-headers", RetryOn::kRetriableHeaders},
    {"envoy-ratelimited", RetryOn::kEnvoyRatelimited},
    {"cancelled", RetryOn::kGrpcCancelled},
    {"deadline-exceeded", RetryOn::kGrpcDeadlineExceeded},
    {"internal", RetryOn::kGrpcInternal},
    {"resource-exhausted", RetryOn::kGrpcResourceExhausted},
    {"unavailable", RetryOn::kGrpcUnavailable},
}};
constexpr size_t kMaxRetryOn = 1024;
constexpr std::string_view kHttp3Word = "http3-post-connect-failure";

void read_retry_word(const Context& context, const Place& place, std::string_view word, model::RetryPolicy& policy) {
  if (const auto code = parse_number<uint16_t>(word); code && *code >= 100 && *code <= 599) {
    policy.on = policy.on | RetryOn::kRetriableStatusCodes;
    policy.status_codes.push_back(*code);
    return;
  }
  const auto found = std::ranges::find(kRetryWords, word, &std::pair<std::string_view, RetryOn>::first);
  if (found != kRetryWords.end()) {
    policy.on = policy.on | found->second;
    if (found->second != RetryOn::kRetriableHeaders) return;
    // The list that the condition goes by stands in no field of a VirtualService.
    context.report.warning("istio/no-effect", place, "No header is named that would make a response worth a retry.",
                           "Remove retriable-headers, or retry on status codes.");
    return;
  }
  if (word == kHttp3Word) {
    context.report.warning("istio/not-honoured", place, "There is no HTTP/3 to retry after.", "Remove the condition.");
    return;
  }
  std::vector<std::string> words;
  words.reserve(kRetryWords.size());
  for (const auto& [name, bit] : kRetryWords) words.emplace_back(name);
  context.report.error("istio/bad-value", place, quoted(word) + " is no condition to retry on.",
                       context.report.suggest(word, words, "Use a status code or one of " + join(words, ", ") + "."));
}

// The older integer field beside the percentage.
std::optional<uint32_t> read_old_percent(Fields& fields, std::string_view key) {
  const auto percent = fields.count(key, 0, 100);
  if (!percent) return std::nullopt;
  fields.report().note("istio/deprecated", fields.place(key), std::string(key) + " is an old form.",
                       "Write a percentage with a value instead.");
  return *percent * kPerMillionOfPercent;
}

void warn_without_share(const Context& context, Fields& fields, uint32_t per_million) {
  if (per_million != 0) return;
  context.report.warning("istio/no-effect", fields.here(), "Without a percentage above 0 this fault is never injected.",
                         "Write percentage: {value: 100} to inject it into every request.");
}

void read_delay(const Context& context, Fields& delay, model::Fault& fault) {
  const auto share = read_percentage(delay, "percentage");
  const auto old_share = read_old_percent(delay, "percent");
  fault.delay_per_million = share ? *share : old_share.value_or(0);
  const bool has_delay = delay.has("fixedDelay") || delay.has("exponentialDelay");
  fault.delay = delay.duration("fixedDelay").value_or(Duration::zero());
  delay.not_honoured("exponentialDelay", "no delay is injected");
  if (!has_delay) {
    report_missing(context.report, delay.place("fixedDelay"), "The delay", "Write fixedDelay, for instance \"5s\".");
  }
  warn_without_share(context, delay, fault.delay_per_million);
}

void read_abort(const Context& context, Fields& abort, model::Fault& fault) {
  fault.abort_per_million = read_percentage(abort, "percentage").value_or(0);
  const bool has_status = abort.has("httpStatus");
  const bool has_grpc_status = abort.has("grpcStatus");
  fault.abort_status = static_cast<uint16_t>(abort.count("httpStatus", 200, 599).value_or(0));
  abort.not_honoured("grpcStatus", "no request is aborted");
  if (abort.text("http2Error")) {
    context.report.error("istio/bad-value", abort.place("http2Error"), "Istio takes no HTTP/2 error for an abort.",
                         "Use httpStatus.");
  } else if (!has_status && !has_grpc_status) {
    report_missing(context.report, abort.place("httpStatus"), "The status of the abort",
                   "Write httpStatus, for instance 503.");
  } else if (has_status && has_grpc_status) {
    report_conflict(context.report, abort.here(), "An abort takes either httpStatus or grpcStatus.",
                    "Keep one of them.");
  }
  warn_without_share(context, abort, fault.abort_per_million);
  if (!has_status) fault.abort_per_million = 0;
}

}  // namespace

model::RetryPolicy read_retries(const Context& context, Fields& rule) {
  model::RetryPolicy policy = default_retry();
  auto retries = rule.object("retries");
  if (!retries) return policy;
  policy.retries = retries->count("attempts", 0, std::numeric_limits<int32_t>::max()).value_or(0);
  policy.per_try_timeout = retries->duration("perTryTimeout");
  const auto retry_on = retries->text("retryOn");
  const auto backoff = retries->duration("backoff");
  const bool avoids_previous = retries->flag("retryIgnorePreviousHosts").value_or(true);
  retries->not_honoured("retryRemoteLocalities", "a retry prefers no locality over another");
  if (policy.retries == 0 && (policy.per_try_timeout || retry_on || backoff)) {
    report_conflict(context.report, retries->here(), "attempts is 0, which switches retries off, beside other fields.",
                    "Write how many attempts to make, or remove the other fields.");
  }
  if (retry_on && retry_on->size() > kMaxRetryOn) {
    context.report.error("istio/out-of-range", retries->place("retryOn"), "retryOn has more than 1024 bytes.",
                         "Name each condition once.");
  } else if (retry_on && !retry_on->empty()) {
    policy.on = RetryOn::kNone;
    for (const std::string_view word : split(*retry_on, ',')) {
      read_retry_word(context, retries->place("retryOn"), trim(word), policy);
    }
  }
  if (backoff) {
    policy.base_interval = *backoff;
    policy.max_interval = *backoff > Duration::max() / 10 ? Duration::max() : *backoff * 10;
  }
  if (!avoids_previous) {
    policy.avoid_previous_hosts = false;
    policy.host_selection_attempts = 1;
  }
  return policy;
}

std::optional<model::Fault> read_fault(const Context& context, Fields& rule) {
  auto fields = rule.object("fault");
  if (!fields) return std::nullopt;
  model::Fault fault;
  auto delay = fields->object("delay");
  auto abort = fields->object("abort");
  if (delay) read_delay(context, *delay, fault);
  if (abort) read_abort(context, *abort, fault);
  if (!delay && !abort) {
    report_missing(context.report, fields->here(), "What the fault injects", "Write a delay, an abort, or both.");
  }
  return fault;
}

std::vector<model::MirrorDestination> read_mirrors(const Context& context, Fields& rule) {
  std::vector<model::MirrorDestination> mirrors;
  const auto share = read_percentage(rule, "mirrorPercentage");
  auto old_share = read_old_percent(rule, "mirrorPercent");
  if (const auto older = read_old_percent(rule, "mirror_percent"); older) old_share = older;
  if (auto mirror = rule.object("mirror")) {
    mirrors.push_back({read_destination(context, *mirror), share ? *share : old_share.value_or(kMillion)});
  }
  const bool has_mirror = !mirrors.empty();
  for (Fields& entry : rule.objects("mirrors")) {
    model::MirrorDestination mirror;
    const bool has_destination = entry.has("destination");
    if (auto destination = entry.object("destination")) mirror.destination = read_destination(context, *destination);
    if (!has_destination) {
      report_missing(context.report, entry.place("destination"), "The mirror's destination", "Name the service.");
    }
    mirror.per_million = read_percentage(entry, "percentage").value_or(kMillion);
    mirrors.push_back(std::move(mirror));
  }
  if (has_mirror && mirrors.size() > 1) {
    report_conflict(context.report, rule.place("mirrors"), "A rule takes either mirror or mirrors.",
                    "Put all of them under mirrors.");
  }
  std::erase_if(mirrors, [](const model::MirrorDestination& mirror) { return mirror.per_million == 0; });
  return mirrors;
}

}  // namespace ripstop::dialect::istio
