#include "xds/wire/cursor.h"

#include <fmt/format.h>
#include <google/protobuf/unknown_field_set.h>

#include "base/text.h"

namespace ripstop::xds {
namespace {

// proto3 messages show their unknown fields only through reflection, which would build every descriptor. Deriving from
// MessageLite is the one way to the member that holds them.
class UnknownFields : public google::protobuf::MessageLite {
 public:
  static const google::protobuf::UnknownFieldSet& of(const google::protobuf::MessageLite& message) {
    return (message.*(&UnknownFields::_internal_metadata_))
        .unknown_fields<google::protobuf::UnknownFieldSet>(google::protobuf::UnknownFieldSet::default_instance);
  }
};

}  // namespace

void Problems::add(ErrorCode code, std::string text) {
  if (count_ == 0) code_ = code;
  if (count_ < kShown) texts_.push_back(std::move(text));
  ++count_;
}

Error Problems::to_error() const {
  std::string message = join(texts_, "; ");
  if (count_ > texts_.size()) message += fmt::format("; and {} more", count_ - texts_.size());
  return Error{code_, ErrorOrigin::kInternal, Retry::kNever, std::move(message)};
}

bool Cursor::check_count(std::string_view name, size_t count, size_t limit) const {
  if (count <= limit) return true;
  field(name).too_large(fmt::format("has {} items, more than the {} that are accepted", count, limit));
  return false;
}

std::string Cursor::path() const {
  if (parent_ == nullptr) return std::string(name_);
  std::string text = parent_->path();
  text += '.';
  text += name_;
  if (index_ != kNoIndex) text += fmt::format("[{}]", index_);
  if (!key_.empty()) text += fmt::format("[\"{}\"]", key_);
  return text;
}

void Cursor::complain(ErrorCode code, std::string_view what) const {
  problems_.add(code, fmt::format("{} {}", path(), what));
}

void Cursor::check_known(const google::protobuf::MessageLite& message) const {
  const google::protobuf::UnknownFieldSet& fields = UnknownFields::of(message);
  for (int i = 0; i < fields.field_count(); ++i) {
    unsupported(fmt::format("has field number {}, which is not supported", fields.field(i).number()));
  }
}

}  // namespace ripstop::xds
