#include "xds/testing/mutation.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace ripstop::xds::testing {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kUnknownNumber = 99'999;

std::unique_ptr<Message> make(std::string_view type_url) {
  const std::string name(type_url.substr(type_url.rfind('/') + 1));
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (descriptor == nullptr) return nullptr;
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

void visit(Message& message, const std::function<void(Message&)>& visitor);

void visit_field(Message& message, const FieldDescriptor* field, const std::function<void(Message&)>& visitor) {
  const auto* reflection = message.GetReflection();
  if (!field->is_repeated()) {
    visit(*reflection->MutableMessage(&message, field), visitor);
    return;
  }
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    Message* item = reflection->MutableRepeatedMessage(&message, field, i);
    if (!field->is_map()) {
      visit(*item, visitor);
    } else if (const auto* value = item->GetDescriptor()->map_value(); value->message_type() != nullptr) {
      visit(*item->GetReflection()->MutableMessage(item, value), visitor);
    }
  }
}

void visit(Message& message, const std::function<void(Message&)>& visitor) {
  if (message.GetDescriptor()->full_name() == "google.protobuf.Struct") return;
  visitor(message);
  if (message.GetDescriptor()->full_name() == "google.protobuf.Any") {
    auto& any = dynamic_cast<Any&>(message);
    const std::unique_ptr<Message> inner = make(any.type_url());
    if (inner == nullptr || !inner->ParseFromString(any.value())) return;
    visit(*inner, visitor);
    any.set_value(inner->SerializeAsString());
    return;
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() != nullptr) visit_field(message, field, visitor);
  }
}

std::unique_ptr<Message> parse(const Resource& resource) {
  std::unique_ptr<Message> message = make(resource.type_url);
  EXPECT_NE(message, nullptr) << resource.type_url;
  EXPECT_TRUE(message->ParseFromString(resource.body));
  return message;
}

}  // namespace

std::vector<std::string> with_unknown_fields(const Resource& resource) {
  const std::unique_ptr<Message> original = parse(resource);
  size_t places = 0;
  visit(*original, [&places](Message&) { ++places; });
  EXPECT_GT(places, 0U);
  std::vector<std::string> bodies;
  for (size_t chosen = 0; chosen < places; ++chosen) {
    const std::unique_ptr<Message> copy = parse(resource);
    size_t place = 0;
    visit(*copy, [&](Message& message) {
      if (place++ == chosen) message.GetReflection()->MutableUnknownFields(&message)->AddVarint(kUnknownNumber, 1);
    });
    bodies.push_back(copy->SerializeAsString());
  }
  return bodies;
}

std::string to_text(const Resource& resource) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetExpandAny(true);
  std::string text;
  printer.PrintToString(*parse(resource), &text);
  return text;
}

std::string from_text(std::string_view type_url, const std::string& text) {
  const std::unique_ptr<Message> message = make(type_url);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
  return message->SerializeAsString();
}

}  // namespace ripstop::xds::testing
