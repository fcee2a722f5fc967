#include "xds/bootstrap/embedded_secrets.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <fstream>
#include <iterator>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "xds/wire/message.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace config = envoy::config;
namespace tls = envoy::extensions::transport_sockets::tls::v3;
using config::core::v3::DataSource;

constexpr size_t kMaxPemBytes = size_t{4} << 20;

class SecretExtractor {
 public:
  SecretExtractor(config::bootstrap::v3::Bootstrap& bootstrap, std::vector<std::string>& problems)
      : secrets_(bootstrap.mutable_static_resources()->mutable_secrets()), problems_(problems) {}

  void read_files() {
    for (tls::Secret& secret : *secrets_) {
      if (secret.has_tls_certificate()) load(*secret.mutable_tls_certificate());
      if (secret.has_validation_context() && secret.validation_context().has_trusted_ca()) {
        load(*secret.mutable_validation_context()->mutable_trusted_ca());
      }
    }
  }

  // `owner` names the secrets that come out: "cluster/reviews".
  void extract(config::core::v3::TransportSocket& socket, const std::string& owner) {
    const std::string_view type = type_name_of(socket.typed_config());
    if (type == type_name::kUpstreamTls) {
      extract_from<tls::UpstreamTlsContext>(socket, type, owner);
    } else if (type == type_name::kDownstreamTls) {
      extract_from<tls::DownstreamTlsContext>(socket, type, owner);
    }
  }

 private:
  template <typename Context>
  void extract_from(config::core::v3::TransportSocket& socket, std::string_view type, const std::string& owner) {
    Context context;
    if (!context.ParseFromString(socket.typed_config().value())) return;
    extract_certificate(*context.mutable_common_tls_context(), owner);
    extract_roots(*context.mutable_common_tls_context(), owner);
    pack(type, context, socket.mutable_typed_config());
  }

  // More than one certificate is left in place: decoding refuses it with a reason.
  void extract_certificate(tls::CommonTlsContext& context, const std::string& owner) {
    if (context.tls_certificates_size() != 1 || context.tls_certificate_sds_secret_configs_size() != 0) return;
    tls::Secret* secret = secrets_->Add();
    secret->set_name(owner + "/certificate");
    *secret->mutable_tls_certificate() = std::move(*context.mutable_tls_certificates(0));
    load(*secret->mutable_tls_certificate());
    context.clear_tls_certificates();
    context.add_tls_certificate_sds_secret_configs()->set_name(secret->name());
  }

  void extract_roots(tls::CommonTlsContext& context, const std::string& owner) {
    if (!context.has_validation_context() || !context.validation_context().has_trusted_ca()) return;
    tls::CertificateValidationContext rest = context.validation_context();
    tls::Secret* secret = secrets_->Add();
    secret->set_name(owner + "/roots");
    *secret->mutable_validation_context()->mutable_trusted_ca() = rest.trusted_ca();
    load(*secret->mutable_validation_context()->mutable_trusted_ca());
    rest.clear_trusted_ca();
    auto* combined = context.mutable_combined_validation_context();
    *combined->mutable_default_validation_context() = std::move(rest);
    combined->mutable_validation_context_sds_secret_config()->set_name(secret->name());
  }

  void load(tls::TlsCertificate& certificate) {
    load(*certificate.mutable_certificate_chain());
    if (certificate.has_private_key()) load(*certificate.mutable_private_key());
  }

  void load(DataSource& source) {
    if (source.specifier_case() != DataSource::kFilename) return;
    std::ifstream file(source.filename(), std::ios::binary);
    std::string text;
    if (file) text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (!file || text.empty() || text.size() > kMaxPemBytes) {
      problems_.push_back(fmt::format(
          "the file \"{}\" cannot be read, is empty or is too large; check its path and mode", source.filename()));
      return;
    }
    source.set_inline_bytes(std::move(text));
  }

  google::protobuf::RepeatedPtrField<tls::Secret>* secrets_;
  std::vector<std::string>& problems_;
};

void extract_from_chain(config::listener::v3::FilterChain& chain, const std::string& owner,
                        SecretExtractor& extractor) {
  if (chain.has_transport_socket()) extractor.extract(*chain.mutable_transport_socket(), owner);
}

}  // namespace

void extract_secrets(config::bootstrap::v3::Bootstrap& bootstrap, std::vector<std::string>& problems) {
  if (!bootstrap.has_static_resources()) return;
  SecretExtractor extractor(bootstrap, problems);
  extractor.read_files();
  for (auto& cluster : *bootstrap.mutable_static_resources()->mutable_clusters()) {
    const std::string owner = "cluster/" + cluster.name();
    if (cluster.has_transport_socket()) extractor.extract(*cluster.mutable_transport_socket(), owner);
    for (auto& match : *cluster.mutable_transport_socket_matches()) {
      extractor.extract(*match.mutable_transport_socket(), owner + "/" + match.name());
    }
  }
  for (auto& listener : *bootstrap.mutable_static_resources()->mutable_listeners()) {
    const std::string owner = "listener/" + listener.name();
    int index = 0;
    for (auto& chain : *listener.mutable_filter_chains()) {
      extract_from_chain(chain, fmt::format("{}/{}", owner, index++), extractor);
    }
    if (listener.has_default_filter_chain()) {
      extract_from_chain(*listener.mutable_default_filter_chain(), owner + "/default", extractor);
    }
  }
}

}  // namespace ripstop::xds
