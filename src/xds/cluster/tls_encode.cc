#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <cassert>

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"
#include "xds/cluster/tls_wire.h"
#include "xds/encode.h"
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

void encode_sds(const std::string& name, tls::SdsSecretConfig* wire) {
  wire->set_name(name);
  encode_ads_source(wire->mutable_sds_config());
}

void add_name(const StringMatch& match, tls::SubjectAltNameMatcher::SanType san_type,
              tls::CertificateValidationContext* wire) {
  auto* name = wire->add_match_typed_subject_alt_names();
  name->set_san_type(san_type);
  encode_string_match(match, name->mutable_matcher());
}

// Envoy tests each matcher against one kind of name. The text settles the kind where it can ("://" is never part of a
// DNS name); where it cannot, both kinds are listed, and decoding folds the pair into one again.
void encode_peer_names(const std::vector<StringMatch>& names, tls::CertificateValidationContext* wire) {
  for (const StringMatch& match : names) {
    const bool is_uri = match.text.contains("://");
    const bool is_settled = match.kind == MatchKind::kExact || (match.kind == MatchKind::kPrefix && is_uri);
    if (is_uri || !is_settled) add_name(match, tls::SubjectAltNameMatcher::URI, wire);
    if (!is_uri || !is_settled) add_name(match, tls::SubjectAltNameMatcher::DNS, wire);
  }
}

void encode_common(const model::TlsSecretNames& secrets, const std::vector<std::string>& alpn,
                   const std::vector<StringMatch>& peer_names, tls::CommonTlsContext* wire) {
  for (const std::string& protocol : alpn) wire->add_alpn_protocols(protocol);
  if (!secrets.certificate.empty()) encode_sds(secrets.certificate, wire->add_tls_certificate_sds_secret_configs());
  if (secrets.trusted_roots.empty()) {
    if (!peer_names.empty()) encode_peer_names(peer_names, wire->mutable_validation_context());
  } else if (peer_names.empty()) {
    encode_sds(secrets.trusted_roots, wire->mutable_validation_context_sds_secret_config());
  } else {
    auto* combined = wire->mutable_combined_validation_context();
    encode_peer_names(peer_names, combined->mutable_default_validation_context());
    encode_sds(secrets.trusted_roots, combined->mutable_validation_context_sds_secret_config());
  }
}

}  // namespace

void encode_upstream_tls(const model::UpstreamTls& model, core::TransportSocket* wire) {
  tls::UpstreamTlsContext context;
  encode_common(model.secrets, model.alpn, model.peer_names, context.mutable_common_tls_context());
  context.set_sni(model.sni);
  wire->set_name(std::string(extension::kTls));
  pack(type_name::kUpstreamTls, context, wire->mutable_typed_config());
}

void encode_downstream_tls(const model::DownstreamTls& model, core::TransportSocket* wire) {
  tls::DownstreamTlsContext context;
  encode_common(model.secrets, model.alpn, model.peer_names, context.mutable_common_tls_context());
  context.mutable_require_client_certificate()->set_value(model.require_client_certificate);
  wire->set_name(std::string(extension::kTls));
  pack(type_name::kDownstreamTls, context, wire->mutable_typed_config());
}

void encode_raw_buffer(core::TransportSocket* wire) {
  wire->set_name(std::string(extension::kRawBuffer));
  pack(type_name::kRawBuffer, envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer(),
       wire->mutable_typed_config());
}

Resource encode(const model::Secret& secret) {
  assert(secret.private_key_pem.empty() && "private keys never travel");
  tls::Secret wire;
  wire.set_name(secret.name);
  if (!secret.certificate_chain_pem.empty()) {
    wire.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_string(secret.certificate_chain_pem);
  } else if (!secret.trusted_roots_pem.empty()) {
    wire.mutable_validation_context()->mutable_trusted_ca()->set_inline_string(secret.trusted_roots_pem);
  }
  return to_resource(type::kSecret, secret.name, wire);
}

}  // namespace ripstop::xds
