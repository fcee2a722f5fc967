#include "proxy/telemetry/log_format.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/record_fixture.h"

namespace ripstop::proxy::telemetry {
namespace {

using testing::Recorded;

std::string line_of(const Result<LogFormat>& format, const RequestRecord& record) {
  EXPECT_TRUE(format) << format.error().message;
  std::string line;
  if (format) format->append(record, line);
  return line;
}

TEST(LogFormat, WritesIstiosDefaultLine) {
  const Recorded recorded;
  EXPECT_EQ(line_of(LogFormat::compile(default_text_format()), recorded.record),
            "[2023-11-14T22:13:20.042Z] \"GET /reviews/0?full=1 HTTP/1.1\" 200 - via_upstream - \"-\" 3 295 7 6 \"-\" "
            "\"curl/8\" \"4d1b\" \"reviews:9080\" \"127.0.0.1:9080\" "
            "outbound|9080||reviews.default.svc.cluster.local 127.0.0.1:40001 240.240.0.5:9080 127.0.0.1:50002 - "
            "default\n");
}

TEST(LogFormat, WritesTheSame24KeysAsJson) {
  Recorded recorded;
  recorded.record.add_flag(ResponseFlag::kUpstreamRetryLimit);
  recorded.record.add_flag(ResponseFlag::kUpstreamTermination);
  recorded.record.downstream_tls = &recorded.tls;
  const std::string line = line_of(LogFormat::compile_json(default_json_keys()), recorded.record);
  EXPECT_TRUE(line.ends_with("}\n"));
  EXPECT_EQ(nlohmann::json::parse(line), nlohmann::json::parse(R"({
    "start_time": "2023-11-14T22:13:20.042Z", "method": "GET", "path": "/reviews/0?full=1", "protocol": "HTTP/1.1",
    "response_code": 200, "response_flags": "URX,UC", "response_code_details": "via_upstream",
    "connection_termination_details": null, "upstream_transport_failure_reason": null, "bytes_received": 3,
    "bytes_sent": 295, "duration": 7, "upstream_service_time": "6", "x_forwarded_for": null, "user_agent": "curl/8",
    "request_id": "4d1b", "authority": "reviews:9080", "upstream_host": "127.0.0.1:9080",
    "upstream_cluster": "outbound|9080||reviews.default.svc.cluster.local",
    "upstream_local_address": "127.0.0.1:40001", "downstream_local_address": "240.240.0.5:9080",
    "downstream_remote_address": "127.0.0.1:50002", "requested_server_name": "productpage.shop",
    "route_name": "default"})"));
}

TEST(LogFormat, LetsNobodyForgeALine) {
  Recorded recorded;
  recorded.request.path = "/\"x\\\n\r\x01\x7f\xff";
  recorded.request.query = "";
  EXPECT_EQ(line_of(LogFormat::compile("\"%REQ(:PATH)%\""), recorded.record),
            "\"/\\\"x\\\\\\x0a\\x0d\\x01\\x7f\\xff\"\n");
  const std::string json = line_of(LogFormat::compile_json({{"path", "%REQ(:PATH)%"}}), recorded.record);
  EXPECT_EQ(nlohmann::json::parse(json)["path"].get<std::string>(), "/\"x\\\n\r\x01\x7f\xc3\xbf");
  EXPECT_EQ(std::ranges::count(json, '\n'), 1);
}

TEST(LogFormat, CutsValuesAndTakesTheSecondFieldWhereTheFirstIsMissing) {
  Recorded recorded;
  EXPECT_EQ(line_of(LogFormat::compile("%REQ(USER-AGENT):4%|%REQ(x-a?USER-AGENT)%|100%%"), recorded.record),
            "curl|curl/8|100%\n");
  recorded.add("x-envoy-original-path", "/before");
  EXPECT_EQ(line_of(LogFormat::compile("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"), recorded.record), "/before\n");
}

TEST(LogFormat, NamesTheOperatorItDoesNotHave) {
  for (const char* format : {"%NO_SUCH%", "%REQ%", "%DURATION(x)%", "%RESP(SERVER)%", "a %START_TIME"}) {
    const auto compiled = LogFormat::compile(format);
    ASSERT_FALSE(compiled) << format;
    EXPECT_EQ(compiled.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(compiled.error().message.find("access log"), std::string::npos);
  }
  EXPECT_NE(LogFormat::compile("%NO_SUCH%").error().message.find("%NO_SUCH%"), std::string::npos);
}

TEST(LogFormat, FillsAnObjectOfOnesOwn) {
  Recorded recorded;
  const auto format = LogFormat::compile_json_object(
      R"({"code":"%RESPONSE_CODE%","who \"x\"":"%REQ(:METHOD)% of %REQ(X-NONE)%","deep":{"flags":"%RESPONSE_FLAGS%"},)"
      R"("fixed":"\u00e9\n","none":"%REQ(X-NONE)%","n":1,"list":["%DURATION%",true]})");
  const auto json = nlohmann::json::parse(line_of(format, recorded.record));
  EXPECT_EQ(json, nlohmann::json::parse(
                      R"({"code":200,"who \"x\"":"GET of -","deep":{"flags":"-"},"fixed":"\u00e9\n","none":null,"n":1,)"
                      R"("list":[7,true]})"));
  EXPECT_FALSE(LogFormat::compile_json_object(R"({"a":"%NO_SUCH%"})"));
  EXPECT_FALSE(LogFormat::compile_json_object(R"({"a":"unended)"));
  EXPECT_FALSE(LogFormat::compile_json_object(R"({"a":"\u12)"));
}

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(AccessLogs, GatherWholeLinesPerFileAndFollowARename) {
  Recorded recorded;
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "ripstop-access-log";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string path = folder / "log";
  const std::vector<model::AccessLog> logs = {{.path = path, .format = "%RESPONSE_CODE%\n"},
                                              {.path = path, .is_json = true, .format = R"({"c":"%RESPONSE_CODE%"})"},
                                              {.path = path, .format = "%WRONG%"}};
  AccessLogs access_logs;
  access_logs.write(recorded.record, logs);
  access_logs.flush();
  EXPECT_EQ(text_of(path), "200\n{\"c\":200}\n");
  std::filesystem::rename(path, folder / "log.1");
  access_logs.reopen();
  access_logs.write(recorded.record, logs);
  access_logs.flush();
  EXPECT_EQ(text_of(path), "200\n{\"c\":200}\n");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ripstop::proxy::telemetry
