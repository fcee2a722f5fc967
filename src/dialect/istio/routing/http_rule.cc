#include "dialect/istio/routing/http_rule.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "dialect/istio/routing/destinations.h"
#include "dialect/istio/routing/http_match.h"
#include "dialect/istio/routing/resilience.h"
#include "dialect/istio/values.h"

namespace ripstop::dialect::istio {
namespace {

constexpr size_t kMaxResponseBody = 100 * 1024;
constexpr std::string_view kKeepPrefix = "%PREFIX()%";

constexpr std::array<std::pair<std::string_view, uint16_t>, 2> kDerivedPorts = {
    {{"FROM_PROTOCOL_DEFAULT", 0}, {"FROM_REQUEST_PORT", 1}}};

model::Redirect read_redirect(const Context& context, Fields& fields) {
  model::Redirect redirect;
  const auto uri = fields.text("uri");
  const auto prefix = fields.text("prefixRewrite");
  redirect.host = fields.text_or_empty("authority");
  redirect.scheme = fields.text_or_empty("scheme");
  redirect.port = fields.port("port");
  const auto derived = fields.choice<uint16_t>("derivePort", kDerivedPorts);
  const uint32_t status = fields.count("redirectCode", 300, 399).value_or(301);
  redirect.status = static_cast<uint16_t>(status);
  if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
    context.report.error("istio/bad-value", fields.place("redirectCode"),
                         std::to_string(status) + " is not a code that redirects.", "Use 301, 302, 303, 307 or 308.");
  }
  if (uri && uri->starts_with(kKeepPrefix)) {
    redirect.prefix_rewrite = uri->substr(kKeepPrefix.size());
  } else if (uri) {
    redirect.path = uri;
  }
  if (prefix) redirect.prefix_rewrite = prefix;
  if (uri && prefix) {
    report_conflict(context.report, fields.here(), "A redirect takes either uri or prefixRewrite.",
                    "Keep the one that is meant.");
  }
  if (redirect.port && derived) {
    report_conflict(context.report, fields.here(), "A redirect takes either port or derivePort.",
                    "Keep the one that is meant.");
  }
  if (derived == uint16_t{1}) {
    context.report.warning("istio/not-honoured", fields.place("derivePort"),
                           "The request's port is not carried into a redirect yet.", "Write the port.");
  }
  if (!redirect.scheme.empty() && redirect.scheme != "http" && redirect.scheme != "https") {
    context.report.error("istio/bad-value", fields.place("scheme"), "A redirect's scheme is http or https.",
                         "Write one of them.");
  }
  if (!uri && !prefix && redirect.host.empty() && redirect.scheme.empty() && !redirect.port) {
    report_missing(context.report, fields.here(), "What the redirect changes", "Write uri, authority, scheme or port.");
  }
  return redirect;
}

model::DirectResponse read_direct_response(const Context& context, Fields& fields) {
  model::DirectResponse response;
  const bool has_status = fields.has("status");
  response.status = static_cast<uint16_t>(fields.count("status", 200, 599).value_or(200));
  if (!has_status) report_missing(context.report, fields.place("status"), "The status", "Write it, for instance 200.");
  auto body = fields.object("body");
  if (!body) return response;
  const auto plain = body->text("string");
  const auto encoded = body->text("bytes");
  if (plain && encoded) {
    report_conflict(context.report, body->here(), "A body is either a string or bytes.", "Keep one of them.");
  }
  if (encoded) {
    const auto decoded = from_base64(*encoded);
    if (!decoded) {
      context.report.error("istio/bad-value", body->place("bytes"), "The bytes are not base64.",
                           "Encode them with padding, or use string.");
    }
    response.body = decoded.value_or("");
  }
  if (plain) response.body = *plain;
  if (response.body.size() > kMaxResponseBody) {
    context.report.error("istio/out-of-range", body->here(), "The body has more than 102400 bytes.",
                         "Let a service answer with it.");
  }
  return response;
}

void read_rewrite(const Context& context, Fields& rule, model::Forward& forward) {
  auto fields = rule.object("rewrite");
  if (!fields) return;
  forward.prefix_rewrite = fields->text("uri");
  forward.host_rewrite = fields->text_or_empty("authority");
  auto regex = fields->object("uriRegexRewrite");
  if (regex) {
    const std::string pattern = regex->text_or_empty("match");
    const std::string substitution = regex->text_or_empty("rewrite");
    check_regex(context.report, {pattern, regex->place("match")});
    if (substitution.empty()) {
      report_missing(context.report, regex->place("rewrite"), "The rewrite",
                     "Write the new path; \\1 stands for the first group of the match.");
    }
    forward.regex_rewrite = model::RegexRewrite{pattern, substitution};
  }
  if (forward.prefix_rewrite && regex) {
    report_conflict(context.report, fields->here(), "A rewrite takes either uri or uriRegexRewrite.",
                    "Keep one of them.");
  }
  if (!forward.prefix_rewrite && !regex && forward.host_rewrite.empty()) {
    report_missing(context.report, fields->here(), "What the rewrite changes", "Write uri, authority or both.");
  }
}

model::ForwardToServices read_forward(const Context& context, Fields& rule) {
  model::ForwardToServices forward;
  forward.destinations = read_destinations(context, rule, RouteLayer::kHttp);
  read_rewrite(context, rule, forward.settings);
  forward.settings.timeout = rule.duration("timeout");
  forward.settings.retry = read_retries(context, rule);
  forward.mirrors = read_mirrors(context, rule);
  return forward;
}

// Istio's webhook refuses these pairs, because one of the two would be ignored.
void check_action_conflicts(const Context& context, const Fields& rule, std::string_view action) {
  for (const std::string_view other : {"route", "fault", "rewrite", "redirect", "directResponse"}) {
    if (other == action || !rule.has(other)) continue;
    if (other == "redirect" && action == "directResponse") continue;
    report_conflict(context.report, rule.place(other),
                    "A rule cannot have both " + std::string(action) + " and " + std::string(other) + ".",
                    "Keep one of them, or make two rules with different matches.");
  }
}

// False when the rule has no action of its own.
bool check_action(const Context& context, const Fields& rule) {
  if (rule.has("redirect")) check_action_conflicts(context, rule, "redirect");
  if (rule.has("directResponse")) check_action_conflicts(context, rule, "directResponse");
  if (rule.has("delegate")) {
    context.report.warning("istio/not-honoured", rule.place("delegate"),
                           "Delegation is not honoured yet, so this rule cannot route and takes no request.",
                           "Write the delegate's rules here.");
    for (const std::string_view other : {"route", "redirect", "directResponse"}) {
      if (rule.has(other)) {
        report_conflict(context.report, rule.place(other),
                        "A rule that delegates cannot have " + std::string(other) + ".", "Remove one of the two.");
      }
    }
    return false;
  }
  return true;
}

}  // namespace

std::optional<model::HttpRule> read_http_rule(const Context& context, Fields& rule) {
  model::HttpRule result;
  result.name = rule.text_or_empty("name");
  result.origin = context.origin(rule.here());
  HttpMatches matches = read_http_matches(context, rule);
  result.conditions = std::move(matches.conditions);
  const bool acts = check_action(context, rule);

  model::ForwardToServices forward = read_forward(context, rule);
  std::optional<model::Redirect> redirect;
  if (auto fields = rule.object("redirect")) redirect = read_redirect(context, *fields);
  std::optional<model::DirectResponse> response;
  if (auto fields = rule.object("directResponse")) response = read_direct_response(context, *fields);
  if (auto delegate = rule.object("delegate")) {
    delegate->text("name");
    delegate->text("namespace");
  }
  const bool has_destinations = !forward.destinations.empty();
  HeaderOperations headers = read_header_operations(context, rule);
  if (!headers.host.empty()) forward.settings.host_rewrite = headers.host;
  result.request_headers = std::move(headers.request);
  result.response_headers = std::move(headers.response);
  result.fault = read_fault(context, rule);
  rule.not_honoured("corsPolicy", "preflight requests go to the service, which must answer them itself");

  if (redirect) {
    result.action = *std::move(redirect);
  } else if (response) {
    result.action = *std::move(response);
  } else {
    result.action = std::move(forward);
    if (acts && !has_destinations && !rule.has("route")) {
      report_missing(context.report, rule.here(), "What becomes of the requests",
                     "Write route, redirect or directResponse.");
    }
  }
  if (!acts || matches.takes_nothing) return std::nullopt;
  return result;
}

}  // namespace ripstop::dialect::istio
