#include "xds/route/header_edits.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

#include "base/text.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "xds/wire/message.h"

namespace ripstop::xds {
namespace {

using envoy::config::core::v3::HeaderValueOption;
using model::HeaderValue;

void add_all(const std::vector<HeaderValue>& values, HeaderValueOption::HeaderAppendAction action,
             HeaderAdditions* additions) {
  for (const HeaderValue& value : values) {
    auto* option = additions->Add();
    option->mutable_header()->set_key(value.name);
    option->mutable_header()->set_value(value.value);
    option->set_append_action(action);
    // Without this Envoy leaves out a header whose value comes out empty.
    option->set_keep_empty_value(value.value.empty());
  }
}

bool has_name(const std::vector<HeaderValue>& values, std::string_view name) {
  return std::ranges::any_of(values, [&](const HeaderValue& value) { return equals_ignore_case(value.name, name); });
}

bool is_overwrite(const HeaderValueOption& wire, const Cursor& at) {
  if (wire.has_append()) {
    if (wire.append_action() != HeaderValueOption::APPEND_IF_EXISTS_OR_ADD) {
      at.invalid("sets both append and append_action");
    }
    return !decode_value(wire.append(), at.field("append"));
  }
  switch (wire.append_action()) {
    case HeaderValueOption::APPEND_IF_EXISTS_OR_ADD:
      return false;
    case HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD:
      return true;
    default:
      at.field("append_action").unsupported("must be APPEND_IF_EXISTS_OR_ADD or OVERWRITE_IF_EXISTS_OR_ADD");
      return false;
  }
}

void decode_addition(const HeaderValueOption& wire, const Cursor& at, model::HeaderEdits& edits) {
  at.check_known(wire);
  at.field("header").check_known(wire.header());
  if (wire.header().key().empty()) at.field("header").field("key").invalid("is empty");
  const bool overwrites = is_overwrite(wire, at);
  if (wire.header().value().empty() && !wire.keep_empty_value()) return;
  if (overwrites && has_name(edits.add, wire.header().key())) {
    at.unsupported("replaces a header that an earlier item added; put it first");
    return;
  }
  (overwrites ? edits.set : edits.add).push_back({wire.header().key(), wire.header().value()});
}

}  // namespace

void encode_header_edits(const model::HeaderEdits& edits, HeaderAdditions* additions, HeaderRemovals* removals) {
  for (const std::string& name : edits.remove) *removals->Add() = name;
  add_all(edits.set, HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD, additions);
  add_all(edits.add, HeaderValueOption::APPEND_IF_EXISTS_OR_ADD, additions);
}

model::HeaderEdits decode_header_edits(const HeaderAdditions& additions, const HeaderRemovals& removals,
                                       std::string_view name, const Cursor& at) {
  model::HeaderEdits edits;
  edits.remove.assign(removals.begin(), removals.end());
  for (int i = 0; i < additions.size(); ++i) {
    decode_addition(additions.Get(i), at.item(name, static_cast<size_t>(i)), edits);
  }
  return edits;
}

}  // namespace ripstop::xds
