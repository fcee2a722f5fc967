// How decoders walk a message and complain about it.
//
// A Cursor names the place in the message that a decoder looks at ("filter_chains[2].filters[0]"). Cursors form a chain
// on the stack and are spelled out only when something is wrong, so a clean message costs nothing. A child must not
// outlive its parent: pass `at.field("x")` straight to a call, or keep the parent in scope.
//
// Decoding never stops at the first problem: complaints gather in Problems and become one Error at the end.
// No protobuf reflection is used, so that a proxy never builds descriptors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "xds/wire/proto_names.h"

namespace ripstop::xds {

class Problems {
 public:
  void add(ErrorCode code, std::string text);
  [[nodiscard]] bool is_empty() const { return count_ == 0; }
  // The problems as one error, the first one's code deciding; at most kShown are spelled out, the rest counted.
  [[nodiscard]] Error to_error() const;

  static constexpr size_t kShown = 5;

 private:
  ErrorCode code_ = ErrorCode::kInternal;
  size_t count_ = 0;
  std::vector<std::string> texts_;
};

class Cursor {
 public:
  // `message` is the name of the outermost message's type, as errors shall call it: "Cluster".
  Cursor(std::string_view message, Problems& problems) : name_(message), problems_(problems) {}

  [[nodiscard]] Cursor field(std::string_view name) const [[clang::lifetimebound]] {
    return {this, name, kNoIndex, {}};
  }
  [[nodiscard]] Cursor item(std::string_view name, size_t index) const [[clang::lifetimebound]] {
    return {this, name, index, {}};
  }
  [[nodiscard]] Cursor entry(std::string_view name, std::string_view key) const [[clang::lifetimebound]] {
    return {this, name, kNoIndex, key};
  }

  // The place is fine on the wire but wrong; `what` ends the sentence "PATH …".
  void invalid(std::string_view what) const { complain(ErrorCode::kInvalidArgument, what); }
  // The place asks for something that Ripstop does not do.
  void unsupported(std::string_view what) const { complain(ErrorCode::kUnsupported, what); }
  void too_large(std::string_view what) const { complain(ErrorCode::kTooLarge, what); }

  // Complains about every field of `message` that our subset of the API does not have. Each decoder calls it first.
  void check_known(const google::protobuf::MessageLite& message) const;

  // Complains when a repeated field has more than `limit` items. Returns whether it is within bounds.
  [[nodiscard]] bool check_count(std::string_view name, size_t count, size_t limit) const;

  [[nodiscard]] std::string path() const;

 private:
  static constexpr size_t kNoIndex = static_cast<size_t>(-1);

  Cursor(const Cursor* parent, std::string_view name, size_t index, std::string_view key)
      : parent_(parent), name_(name), index_(index), key_(key), problems_(parent->problems_) {}
  void complain(ErrorCode code, std::string_view what) const;

  const Cursor* parent_ = nullptr;
  std::string_view name_;
  size_t index_ = kNoIndex;
  std::string_view key_;
  Problems& problems_;
};

}  // namespace ripstop::xds
