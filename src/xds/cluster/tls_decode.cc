#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"
#include "xds/cluster/tls_wire.h"
#include "xds/decode.h"
#include "xds/wire/config_source.h"
#include "xds/wire/message.h"
#include "xds/wire/string_match.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace core = envoy::config::core::v3;
namespace tls = envoy::extensions::transport_sockets::tls::v3;
using model::MatchKind;
using model::StringMatch;

// What an upstream and a downstream context have in common.
struct CommonTls {
  model::TlsSecretNames secrets;
  std::vector<std::string> alpn;
  std::vector<StringMatch> peer_names;
};

// The proxy makes these two itself, so it does not matter where the configuration says to fetch them.
bool is_own_secret(std::string_view name) {
  return name == "default" || name == "ROOTCA";
}

std::string decode_sds(const tls::SdsSecretConfig& wire, const Cursor& at) {
  at.check_known(wire);
  if (wire.name().empty()) at.field("name").invalid("is empty");
  const bool is_elsewhere = wire.sds_config().has_api_config_source();
  // Without a source the name is that of a static secret.
  if (wire.has_sds_config() && !(is_elsewhere && is_own_secret(wire.name()))) {
    decode_ads_source(wire.sds_config(), at.field("sds_config"));
  }
  return wire.name();
}

void check_parameters(const tls::TlsParameters& wire, const Cursor& at) {
  at.check_known(wire);
  // Cipher suites and the lower bound only concern versions below the 1.3 that is always offered and preferred.
  const auto highest = wire.tls_maximum_protocol_version();
  if (highest != tls::TlsParameters::TLS_AUTO && highest != tls::TlsParameters::TLSv1_3) {
    at.field("tls_maximum_protocol_version").unsupported("must be TLSv1_3 or left out");
  }
}

// Does the matcher say by itself which kind of name it is for? Only then can one of a single kind be obeyed, as the
// model tests URI and DNS names alike.
bool settles(const StringMatch& match, tls::SubjectAltNameMatcher::SanType san_type) {
  if (san_type == tls::SubjectAltNameMatcher::URI) {
    return (match.kind == MatchKind::kExact || match.kind == MatchKind::kPrefix) && match.text.contains("://");
  }
  return match.kind == MatchKind::kExact && !match.text.contains("://");
}

using TypedNames = google::protobuf::RepeatedPtrField<tls::SubjectAltNameMatcher>;

StringMatch decode_typed_name(const tls::SubjectAltNameMatcher& wire, const Cursor& at) {
  at.check_known(wire);
  if (wire.san_type() != tls::SubjectAltNameMatcher::URI && wire.san_type() != tls::SubjectAltNameMatcher::DNS) {
    at.field("san_type").unsupported("must be URI or DNS");
  }
  return decode_string_match(wire.matcher(), at.field("matcher"));
}

bool is_pair(const TypedNames& wire, int first) {
  if (first + 1 >= wire.size()) return false;
  const auto& uri = wire.Get(first);
  const auto& dns = wire.Get(first + 1);
  return uri.san_type() == tls::SubjectAltNameMatcher::URI && dns.san_type() == tls::SubjectAltNameMatcher::DNS &&
         to_bytes(uri.matcher()) == to_bytes(dns.matcher());
}

void decode_typed_names(const TypedNames& wire, const Cursor& at, std::vector<StringMatch>& names) {
  for (int i = 0; i < wire.size(); ++i) {
    const Cursor here = at.item("match_typed_subject_alt_names", static_cast<size_t>(i));
    StringMatch match = decode_typed_name(wire.Get(i), here);
    if (is_pair(wire, i)) {
      here.check_known(wire.Get(++i));
    } else if (!settles(match, wire.Get(i).san_type())) {
      here.unsupported("must be listed for URI and then again for DNS, as its text fits names of both kinds");
    }
    names.push_back(std::move(match));
  }
}

void decode_validation(const tls::CertificateValidationContext& wire, const Cursor& at, CommonTls& common) {
  at.check_known(wire);
  if (wire.has_trusted_ca()) {
    at.field("trusted_ca").unsupported("must be a named secret (validation_context_sds_secret_config)");
  }
  decode_typed_names(wire.match_typed_subject_alt_names(), at, common.peer_names);
  for (int i = 0; i < wire.match_subject_alt_names_size(); ++i) {
    const Cursor here = at.item("match_subject_alt_names", static_cast<size_t>(i));
    common.peer_names.push_back(decode_string_match(wire.match_subject_alt_names(i), here));
  }
}

CommonTls decode_common(const tls::CommonTlsContext& wire, const Cursor& at) {
  CommonTls common;
  at.check_known(wire);
  check_parameters(wire.tls_params(), at.field("tls_params"));
  common.alpn.assign(wire.alpn_protocols().begin(), wire.alpn_protocols().end());
  if (wire.tls_certificates_size() != 0) {
    at.field("tls_certificates").unsupported("must be a named secret (tls_certificate_sds_secret_configs)");
  }
  if (wire.tls_certificate_sds_secret_configs_size() > 1) {
    at.field("tls_certificate_sds_secret_configs").unsupported("has more than one certificate");
  }
  for (const auto& certificate : wire.tls_certificate_sds_secret_configs()) {
    common.secrets.certificate = decode_sds(certificate, at.item("tls_certificate_sds_secret_configs", 0));
  }
  if (wire.has_validation_context()) {
    decode_validation(wire.validation_context(), at.field("validation_context"), common);
  } else if (wire.has_validation_context_sds_secret_config()) {
    common.secrets.trusted_roots =
        decode_sds(wire.validation_context_sds_secret_config(), at.field("validation_context_sds_secret_config"));
  } else if (wire.has_combined_validation_context()) {
    const Cursor here = at.field("combined_validation_context");
    const auto& combined = wire.combined_validation_context();
    here.check_known(combined);
    decode_validation(combined.default_validation_context(), here.field("default_validation_context"), common);
    common.secrets.trusted_roots =
        decode_sds(combined.validation_context_sds_secret_config(), here.field("validation_context_sds_secret_config"));
  }
  return common;
}

// Reads the context into `context` when the socket is TLS; complains when it is neither that nor raw_buffer.
template <typename Context>
bool is_tls(const core::TransportSocket& wire, std::string_view type_name, Context& context, const Cursor& at) {
  at.check_known(wire);
  const std::string_view given = type_name_of(wire.typed_config());
  const Cursor here = at.field("typed_config");
  if (given == type_name) return unpack(wire.typed_config(), context, here);
  envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer raw;
  if (given == type_name::kRawBuffer) {
    if (unpack(wire.typed_config(), raw, here)) here.check_known(raw);
  } else {
    here.unsupported(fmt::format("is \"{}\"; transport sockets are {} and raw_buffer", given, extension::kTls));
  }
  return false;
}

std::string decode_pem(const core::DataSource& wire, const Cursor& at) {
  at.check_known(wire);
  switch (wire.specifier_case()) {
    case core::DataSource::kInlineString:
      return wire.inline_string();
    case core::DataSource::kInlineBytes:
      return wire.inline_bytes();
    default:
      at.unsupported("must be inline_string or inline_bytes");
      return {};
  }
}

}  // namespace

std::optional<model::UpstreamTls> decode_upstream_tls(const core::TransportSocket& wire, const Cursor& at) {
  tls::UpstreamTlsContext context;
  if (!is_tls(wire, type_name::kUpstreamTls, context, at)) return std::nullopt;
  const Cursor here = at.field("typed_config");
  here.check_known(context);
  here.field("max_session_keys").check_known(context.max_session_keys());
  CommonTls common = decode_common(context.common_tls_context(), here.field("common_tls_context"));
  return model::UpstreamTls{.secrets = std::move(common.secrets),
                            .sni = context.sni(),
                            .alpn = std::move(common.alpn),
                            .peer_names = std::move(common.peer_names)};
}

std::optional<model::DownstreamTls> decode_downstream_tls(const core::TransportSocket& wire, const Cursor& at) {
  tls::DownstreamTlsContext context;
  if (!is_tls(wire, type_name::kDownstreamTls, context, at)) return std::nullopt;
  const Cursor here = at.field("typed_config");
  here.check_known(context);
  CommonTls common = decode_common(context.common_tls_context(), here.field("common_tls_context"));
  const Cursor require = here.field("require_client_certificate");
  require.check_known(context.require_client_certificate());
  return model::DownstreamTls{.secrets = std::move(common.secrets),
                              .require_client_certificate = context.require_client_certificate().value(),
                              .alpn = std::move(common.alpn),
                              .peer_names = std::move(common.peer_names)};
}

model::Secret decode_secret(const tls::Secret& wire, const Cursor& at) {
  at.check_known(wire);
  model::Secret secret{
      .name = wire.name(), .certificate_chain_pem = {}, .private_key_pem = {}, .trusted_roots_pem = {}};
  if (wire.name().empty()) at.field("name").invalid("is empty");
  if (wire.has_tls_certificate()) {
    const Cursor here = at.field("tls_certificate");
    const auto& certificate = wire.tls_certificate();
    here.check_known(certificate);
    secret.certificate_chain_pem = decode_pem(certificate.certificate_chain(), here.field("certificate_chain"));
    if (certificate.has_private_key()) {
      secret.private_key_pem = decode_pem(certificate.private_key(), here.field("private_key"));
    }
  } else if (wire.has_validation_context()) {
    const Cursor here = at.field("validation_context");
    const auto& validation = wire.validation_context();
    here.check_known(validation);
    secret.trusted_roots_pem = decode_pem(validation.trusted_ca(), here.field("trusted_ca"));
    if (validation.match_typed_subject_alt_names_size() + validation.match_subject_alt_names_size() != 0) {
      here.unsupported("names peers; peers are named by the TLS context that uses the secret");
    }
  }
  return secret;
}

Result<model::Secret> decode_secret(std::string_view body) {
  tls::Secret wire;
  if (Status parsed = parse_body(body, "Secret", wire); !parsed) return fail_with(parsed);
  Problems problems;
  model::Secret secret = decode_secret(wire, Cursor("Secret", problems));
  if (!problems.is_empty()) return std::unexpected(problems.to_error());
  return secret;
}

}  // namespace ripstop::xds
