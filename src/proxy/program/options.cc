#include "proxy/program/options.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string_view>

#include "base/text.h"

namespace ripstop::proxy {
namespace {

struct OptionRule {
  std::string_view name;
  std::string_view argument;  // empty: a flag
  std::string_view help;
  bool (*take)(Options&, const std::string& value);
};

bool take_number(const std::string& text, size_t& out) {
  const auto number = parse_number<size_t>(text);
  if (number) out = *number;
  return number.has_value();
}

bool take_descriptor(const std::string& text, int& out) {
  const auto number = parse_number<int>(text);
  if (number) out = *number;
  return number.has_value() && *number >= 0;
}

bool add_descriptor(const std::string& text, std::vector<int>& out) {
  int fd = -1;
  const bool is_good = take_descriptor(text, fd);
  if (is_good) out.push_back(fd);
  return is_good;
}

bool take_text(const std::string& text, std::string& out) {
  out = text;
  return !text.empty();
}

const std::array<OptionRule, 16> kRules = {{
    {"-c", "FILE", "Envoy bootstrap, YAML or JSON",
     [](Options& o, const std::string& v) { return take_text(v, o.bootstrap); }},
    {"--config-path", "FILE", "the same", [](Options& o, const std::string& v) { return take_text(v, o.bootstrap); }},
    {"--concurrency", "N", "worker threads (default: processors, at most 2)",
     [](Options& o, const std::string& v) { return take_number(v, o.concurrency) && o.concurrency <= 256; }},
    {"--max-connections", "N", "clients' connections at once (default: nearly half of the descriptors)",
     [](Options& o, const std::string& v) { return take_number(v, o.max_connections) && o.max_connections != 0; }},
    {"--log-level", "LEVEL", "trace, debug, info, warning, error or off (default info)",
     [](Options& o, const std::string& v) { return log::parse_level(v, o.log_level); }},
    {"--drain-time-s", "SECONDS", "longest wait for open requests on SIGTERM (default 5)",
     [](Options& o, const std::string& v) {
       size_t seconds = 0;
       const bool is_good = take_number(v, seconds) && seconds <= 3600;
       o.drain_time = std::chrono::seconds(seconds);
       return is_good;
     }},
    {"--mode", "serve|validate", "validate: read the bootstrap, say what is wrong with it, and end",
     [](Options& o, const std::string& v) {
       o.only_validates = v == "validate";
       return v == "serve" || v == "validate";
     }},
    {"--listen-fd", "FD", "inherited listening socket, used by the listener of its address; repeatable",
     [](Options& o, const std::string& v) { return add_descriptor(v, o.listen_fds); }},
    {"--dns-fd", "FD", "inherited DNS socket, UDP or listening TCP; repeatable",
     [](Options& o, const std::string& v) { return add_descriptor(v, o.dns_fds); }},
    {"--broker-fd", "FD", "channel to the broker in the application's network namespace",
     [](Options& o, const std::string& v) { return take_descriptor(v, o.broker_fd); }},
    {"--ready-fd", "FD", "gets one byte once the proxy serves",
     [](Options& o, const std::string& v) { return take_descriptor(v, o.ready_fd); }},
    {"--ca", "ADDRESS:PORT", "certificate authority of the mesh",
     [](Options& o, const std::string& v) {
       const auto address = SocketAddress::parse(v);
       if (address) o.authority = *address;
       return address.has_value();
     }},
    {"--ca-roots", "FILE", "trust bundle to know the authority by",
     [](Options& o, const std::string& v) { return take_text(v, o.authority_roots); }},
    {"--join-token-file", "FILE", "token for the first certificate",
     [](Options& o, const std::string& v) { return take_text(v, o.join_token_file); }},
    {"--spiffe-id", "ID", "identity to be certified as",
     [](Options& o, const std::string& v) { return take_text(v, o.spiffe_id); }},
    {"--base-id", "N", "accepted for Envoy's sake, without effect", [](Options&, const std::string&) { return true; }},
}};

const OptionRule* find_rule(std::string_view name) {
  for (const OptionRule& rule : kRules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

std::unexpected<Error> unknown(std::string_view name) {
  std::vector<std::string> names;
  for (const OptionRule& rule : kRules) names.emplace_back(rule.name);
  std::string message = "unknown option " + std::string(name);
  if (const auto meant = nearest(name, names)) message += "; did you mean " + *meant + "?";
  return fail(ErrorCode::kInvalidArgument, message + " (--help lists them all)");
}

Status check(const Options& options) {
  if (options.bootstrap.empty()) return fail(ErrorCode::kInvalidArgument, "no configuration: give -c FILE");
  const bool joins = options.authority.port != 0;
  const bool is_whole =
      !options.authority_roots.empty() && !options.join_token_file.empty() && !options.spiffe_id.empty();
  if (joins && !is_whole) {
    return fail(ErrorCode::kInvalidArgument, "--ca needs --ca-roots, --join-token-file and --spiffe-id beside it");
  }
  return {};
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  Options options;
  const std::span<const char* const> words(argv, static_cast<size_t>(argc));
  for (size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--help" || word == "-h") {
      options.wants_help = true;
      return options;
    }
    if (word == "--version") {
      options.wants_version = true;
      return options;
    }
    const size_t equals = word.starts_with("--") ? word.find('=') : std::string_view::npos;
    const OptionRule* rule = find_rule(word.substr(0, equals));
    if (rule == nullptr) return unknown(word.substr(0, equals));
    std::string value;
    if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    }
    if (value.empty() || !rule->take(options, value)) {
      return fail(ErrorCode::kInvalidArgument,
                  std::string(rule->name) + " wants " + std::string(rule->argument) + ", not \"" + value + "\"");
    }
  }
  if (Status checked = check(options); !checked) return fail_with(checked);
  return options;
}

std::string help_text() {
  std::string text =
      "usage: ripstop-proxy -c FILE [option...]\n\nThe data plane of a Ripstop mesh; reads Envoy's bootstrap "
      "format.\n\n";
  for (const OptionRule& rule : kRules) {
    std::string left = "  " + std::string(rule.name) + " " + std::string(rule.argument);
    left.resize(std::max<size_t>(left.size() + 1, 28), ' ');
    text += left + std::string(rule.help) + "\n";
  }
  return text + "\nexample: ripstop-proxy -c envoy.yaml --concurrency 2\n";
}

}  // namespace ripstop::proxy
