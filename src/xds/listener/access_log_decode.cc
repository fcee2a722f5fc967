#include <fmt/format.h>
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
#include "envoy/extensions/access_loggers/stream/v3/stream.pb.h"
#include "xds/listener/access_log_format.h"
#include "xds/listener/listener_wire.h"
#include "xds/wire/message.h"
#include "xds/wire/metadata.h"
#include "xds/wire/type_names.h"

namespace ripstop::xds {
namespace {

namespace core = envoy::config::core::v3;

void decode_text(std::string text, model::AccessLog& log) {
  if (text != kDefaultTextFormat) log.format = std::move(text);
}

bool is_default_json(const google::protobuf::Struct& wire) {
  if (static_cast<size_t>(wire.fields_size()) != kDefaultJsonFormat.size()) return false;
  for (const auto& [key, value] : kDefaultJsonFormat) {
    const auto found = wire.fields().find(std::string(key));
    if (found == wire.fields().end() || found->second.string_value() != value) return false;
  }
  return true;
}

void decode_format(const core::SubstitutionFormatString& wire, const Cursor& at, model::AccessLog& log) {
  at.check_known(wire);
  switch (wire.format_case()) {
    case core::SubstitutionFormatString::kTextFormat:
      return decode_text(wire.text_format(), log);
    case core::SubstitutionFormatString::kTextFormatSource: {
      const Cursor source = at.field("text_format_source");
      source.check_known(wire.text_format_source());
      if (!wire.text_format_source().has_inline_string()) source.unsupported("must be inline_string");
      return decode_text(wire.text_format_source().inline_string(), log);
    }
    case core::SubstitutionFormatString::kJsonFormat:
      log.is_json = true;
      if (!is_default_json(wire.json_format())) log.format = to_json(wire.json_format());
      return;
    case core::SubstitutionFormatString::FORMAT_NOT_SET:
      return at.invalid("is empty");
  }
}

void decode_file(const google::protobuf::Any& any, const Cursor& at, model::AccessLog& log) {
  envoy::extensions::access_loggers::file::v3::FileAccessLog file;
  if (!unpack(any, file, at)) return;
  at.check_known(file);
  if (file.path().empty()) at.field("path").invalid("is empty");
  log.path = file.path();
  if (file.has_log_format()) {
    decode_format(file.log_format(), at.field("log_format"), log);
  } else {
    decode_text(file.format().empty() ? std::string(kEnvoyTextFormat) : file.format(), log);
  }
}

void decode_stdout(const google::protobuf::Any& any, const Cursor& at, model::AccessLog& log) {
  envoy::extensions::access_loggers::stream::v3::StdoutAccessLog stream;
  if (!unpack(any, stream, at)) return;
  at.check_known(stream);
  log.path = "/dev/stdout";
  if (stream.has_log_format()) {
    decode_format(stream.log_format(), at.field("log_format"), log);
  } else {
    log.format = kEnvoyTextFormat;
  }
}

}  // namespace

std::vector<model::AccessLog> decode_access_logs(const AccessLogs& wire, const Cursor& at) {
  std::vector<model::AccessLog> logs;
  for (int i = 0; i < wire.size(); ++i) {
    const Cursor here = at.item("access_log", static_cast<size_t>(i));
    const Cursor config = here.field("typed_config");
    const auto& any = wire.Get(i).typed_config();
    here.check_known(wire.Get(i));
    model::AccessLog log;
    if (type_name_of(any) == type_name::kFileAccessLog) {
      decode_file(any, config, log);
    } else if (type_name_of(any) == type_name::kStdoutAccessLog) {
      decode_stdout(any, config, log);
    } else {
      config.unsupported(fmt::format("is \"{}\"; access logs go to files and to stdout", type_name_of(any)));
    }
    logs.push_back(std::move(log));
  }
  return logs;
}

}  // namespace ripstop::xds
