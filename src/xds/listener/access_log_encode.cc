#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/access_loggers/file/v3/file.pb.h"
#include "xds/listener/access_log_format.h"
#include "xds/listener/listener_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

void fill_default_json(google::protobuf::Struct* wire) {
  for (const auto& [key, value] : kDefaultJsonFormat) {
    (*wire->mutable_fields())[std::string(key)].set_string_value(std::string(value));
  }
}

void encode_access_log(const model::AccessLog& log, envoy::config::accesslog::v3::AccessLog* wire) {
  envoy::extensions::access_loggers::file::v3::FileAccessLog file;
  file.set_path(log.path);
  auto* format = file.mutable_log_format();
  if (!log.is_json) {
    const std::string_view text = log.format.empty() ? kDefaultTextFormat : std::string_view(log.format);
    format->mutable_text_format_source()->set_inline_string(std::string(text));
  } else if (google::protobuf::Struct keys; !log.format.empty() && from_json(log.format, &keys)) {
    *format->mutable_json_format() = std::move(keys);
  } else {
    fill_default_json(format->mutable_json_format());
  }
  wire->set_name(std::string(extension::kFileAccessLog));
  pack(type_name::kFileAccessLog, file, wire->mutable_typed_config());
}

}  // namespace

void encode_access_logs(const std::vector<model::AccessLog>& logs, AccessLogs* wire) {
  for (const model::AccessLog& log : logs) encode_access_log(log, wire->Add());
}

}  // namespace ripstop::xds
