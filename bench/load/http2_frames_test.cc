#include "load/http2_frames.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <utility>
#include <vector>

namespace ripstop::load {
namespace {

using FieldList = std::vector<std::pair<std::string, std::string>>;

struct Frame {
  FrameHeader header;
  std::string payload;
};

std::vector<Frame> split_frames(std::string_view bytes) {
  std::vector<Frame> frames;
  while (bytes.size() >= kFrameHeaderSize) {
    const FrameHeader header = read_frame_header(bytes);
    frames.push_back({header, std::string(bytes.substr(kFrameHeaderSize, header.length))});
    bytes.remove_prefix(kFrameHeaderSize + header.length);
  }
  EXPECT_TRUE(bytes.empty());
  return frames;
}

// Somebody else's decoder, with its dynamic table.
class Inflater {
 public:
  Inflater() {
    nghttp2_hd_inflater* made = nullptr;
    nghttp2_hd_inflate_new(&made);
    inflater_.reset(made);
  }

  FieldList decode(std::string block) {
    FieldList fields;
    auto* at = reinterpret_cast<uint8_t*>(block.data());
    size_t left = block.size();
    for (;;) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, 1);
      EXPECT_GE(used, 0);
      if (used < 0) break;
      at += used;
      left -= static_cast<size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        fields.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                            std::string(reinterpret_cast<char*>(field.value), field.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return fields;
  }

 private:
  struct Free {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };
  std::unique_ptr<nghttp2_hd_inflater, Free> inflater_;
};

TEST(CallFrames, EveryRequestHasTheSameFieldsForAnotherDecoder) {
  const CallFrames call = CallFrames::request("bench.test", grpc_message("hello"));
  std::string bytes;
  call.put(bytes, 1, true);
  call.put(bytes, 3, false);
  call.put(bytes, 0x01020305, false);
  const auto frames = split_frames(bytes);
  ASSERT_EQ(frames.size(), 6U);
  const FieldList wanted = {{":method", "POST"},
                            {":scheme", "http"},
                            {":path", "/bench.Echo/Unary"},
                            {":authority", "bench.test"},
                            {"content-type", "application/grpc"},
                            {"te", "trailers"},
                            {"user-agent", "ripstop-load"}};
  Inflater inflater;
  for (size_t i = 0; i < frames.size(); i += 2) {
    EXPECT_EQ(inflater.decode(frames[i].payload), wanted) << i;
    EXPECT_EQ(frames[i].header.flags, kFlagEndHeaders);
    EXPECT_EQ(frames[i + 1].header.flags, kFlagEndStream);
    EXPECT_EQ(frames[i + 1].payload, std::string("\0\0\0\0\5hello", 10));
  }
  EXPECT_EQ(frames[4].header.stream, 0x01020305U);
  EXPECT_EQ(frames[5].header.stream, 0x01020305U);
  EXPECT_LT(frames[2].payload.size(), frames[0].payload.size());
}

TEST(CallFrames, EveryResponseHasItsTrailers) {
  const CallFrames call = CallFrames::response(grpc_message("x"));
  std::string bytes;
  for (uint32_t stream = 1; stream < 7; stream += 2) call.put(bytes, stream, stream == 1);
  const auto frames = split_frames(bytes);
  ASSERT_EQ(frames.size(), 9U);
  Inflater inflater;
  for (size_t i = 0; i < frames.size(); i += 3) {
    EXPECT_EQ(inflater.decode(frames[i].payload),
              (FieldList{{":status", "200"}, {"content-type", "application/grpc"}}));
    EXPECT_TRUE(says_200(frames[i].header, frames[i].payload));
    EXPECT_EQ(inflater.decode(frames[i + 2].payload), (FieldList{{"grpc-status", "0"}}));
    EXPECT_EQ(frames[i + 2].header.flags, kFlagEndStream | kFlagEndHeaders);
    EXPECT_FALSE(says_200(frames[i + 2].header, frames[i + 2].payload));
  }
}

TEST(Frames, StatusIsFoundBehindPaddingPriorityAndTableSizes) {
  const FrameHeader plain{.type = FrameType::kHeaders};
  EXPECT_TRUE(says_200(plain, "\x88"));
  EXPECT_TRUE(says_200(plain, "\x20\x3f\xe1\x1f\x88"));
  EXPECT_FALSE(says_200(plain, "\x8d"));
  EXPECT_FALSE(says_200(plain, ""));
  EXPECT_FALSE(says_200(plain, "\x3f\xff"));
  const FrameHeader dressed{.type = FrameType::kHeaders, .flags = kFlagPadded | kFlagPriority};
  EXPECT_TRUE(says_200(dressed, std::string("\2\0\0\0\0\0\x88\0\0", 9)));
  EXPECT_FALSE(says_200(dressed, std::string("\xff\0\0", 3)));
}

TEST(Frames, PaddingIsNotContent) {
  EXPECT_EQ(data_length({.type = FrameType::kData}, "abcd"), 4U);
  EXPECT_EQ(data_length({.type = FrameType::kData, .flags = kFlagPadded}, std::string("\2ab\0\0", 5)), 2U);
}

TEST(Frames, SettingsAndPingsAreAcknowledgedOnce) {
  std::string out;
  put_acknowledgement(out, {.type = FrameType::kSettings}, "");
  put_acknowledgement(out, {.length = 8, .type = FrameType::kPing}, "12345678");
  put_acknowledgement(out, {.type = FrameType::kSettings, .flags = kFlagAck}, "");
  put_acknowledgement(out, {.length = 4, .type = FrameType::kWindowUpdate}, "abcd");
  const auto frames = split_frames(out);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].header.flags, kFlagAck);
  EXPECT_EQ(frames[1].payload, "12345678");
}

TEST(Frames, SettingsSayWhatThePeerAllows) {
  PeerSettings settings;
  apply_settings(settings, std::string("\0\3\0\0\0\x64\0\4\0\1\0\0\0\1\0\0\0\0\0\x99\0\0\0\1", 24));
  EXPECT_EQ(settings.max_streams, 100U);
  EXPECT_EQ(settings.initial_window, 65536U);
  EXPECT_EQ(settings.header_table_size, 0U);
  const auto own = split_frames(opening_frames());
  ASSERT_EQ(own.size(), 2U);
  apply_settings(settings, own[0].payload);
  EXPECT_EQ(settings.max_streams, 1000U);
}

}  // namespace
}  // namespace ripstop::load
