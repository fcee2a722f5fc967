#include "protocol/grpc_status.h"

#include <gtest/gtest.h>

namespace ripstop::protocol {
namespace {

TEST(GrpcStatusMapping, GivesEveryStatusAnHttpOne) {
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kOk), 200);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kCancelled), 499);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kDeadlineExceeded), 504);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kNotFound), 404);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kResourceExhausted), 429);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kUnimplemented), 501);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kInternal), 500);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kUnavailable), 503);
  EXPECT_EQ(http_status_of_grpc(GrpcStatus::kUnauthenticated), 401);
}

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(GrpcStatus, CodesAndNamesGoThereAndBack) {
  for (int code = 0; code <= 16; ++code) {
    const auto status = parse_grpc_status(std::to_string(code));
    ASSERT_TRUE(status);
    EXPECT_EQ(static_cast<int>(*status), code);
    EXPECT_EQ(grpc_status_from_name(to_string(*status)), status);
  }
  EXPECT_EQ(grpc_status_from_name("deadline-exceeded"), GrpcStatus::kDeadlineExceeded);
  for (const char* bad : {"", "17", "-1", "00", "01", " 0", "OK"}) EXPECT_FALSE(parse_grpc_status(bad)) << bad;
  EXPECT_FALSE(grpc_status_from_name("fine"));
}

TEST(GrpcStatus, HttpStatusesMapAsTheDocumentSays) {
  EXPECT_EQ(grpc_status_of_http(400), GrpcStatus::kInternal);
  EXPECT_EQ(grpc_status_of_http(401), GrpcStatus::kUnauthenticated);
  EXPECT_EQ(grpc_status_of_http(403), GrpcStatus::kPermissionDenied);
  EXPECT_EQ(grpc_status_of_http(404), GrpcStatus::kUnimplemented);
  for (const uint16_t status : {429, 502, 503, 504}) EXPECT_EQ(grpc_status_of_http(status), GrpcStatus::kUnavailable);
  EXPECT_EQ(grpc_status_of_http(500), GrpcStatus::kUnknown);
}

TEST(GrpcStatus, MessagesSurviveAnyBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string encoded = encode_grpc_message(all);
  for (const char c : encoded) EXPECT_TRUE(c >= ' ' && c <= '~');
  EXPECT_EQ(decode_grpc_message(encoded), all);
  EXPECT_EQ(encode_grpc_message("50% \xc3\xa9\n"), "50%25 %C3%A9%0A");
  EXPECT_EQ(decode_grpc_message("100% %4 %zz %41"), "100% %4 %zz A");
}

TEST(GrpcStatus, TimeoutsAreRead) {
  EXPECT_EQ(parse_grpc_timeout("1H"), hours(1));
  EXPECT_EQ(parse_grpc_timeout("2M"), seconds(120));
  EXPECT_EQ(parse_grpc_timeout("3S"), seconds(3));
  EXPECT_EQ(parse_grpc_timeout("100m"), milliseconds(100));
  EXPECT_EQ(parse_grpc_timeout("5u"), nanoseconds(5000));
  EXPECT_EQ(parse_grpc_timeout("00000007n"), nanoseconds(7));
  EXPECT_EQ(parse_grpc_timeout("99999999H"), nanoseconds::max());
  for (const char* bad : {"", "S", "1", "1s", "1 S", "-1S", "+1S", "123456789n", "1.5S", "1SS"}) {
    EXPECT_FALSE(parse_grpc_timeout(bad)) << bad;
  }
}

TEST(GrpcStatus, TimeoutsAreWrittenNeverShorter) {
  EXPECT_EQ(format_grpc_timeout(nanoseconds(0)), "1n");
  EXPECT_EQ(format_grpc_timeout(nanoseconds(-5)), "1n");
  EXPECT_EQ(format_grpc_timeout(nanoseconds(99'999'999)), "99999999n");
  EXPECT_EQ(format_grpc_timeout(nanoseconds(100'000'001)), "100001u");
  EXPECT_EQ(format_grpc_timeout(seconds(15)), "15000000u");
  EXPECT_EQ(format_grpc_timeout(nanoseconds::max()), "2562048H");
  for (const nanoseconds timeout : {nanoseconds(1), nanoseconds(123'456'789'123), nanoseconds(hours(30'000))}) {
    EXPECT_GE(*parse_grpc_timeout(format_grpc_timeout(timeout)), timeout);
  }
}

}  // namespace
}  // namespace ripstop::protocol
