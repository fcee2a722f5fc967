#include "control/store/token_table.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kSelect = "select id, secret_hash, identity, created, expires, uses_left from join_token";

int64_t seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Result<StoredToken> read_row(const Statement& row) {
  Result<model::Identity> identity = model::Identity::parse(row.bytes(2));
  if (!identity) return fail_with(identity);
  return StoredToken{.id = row.bytes(0),
                     .secret_hash = row.bytes(1),
                     .identity = std::move(*identity),
                     .created = WallTime(std::chrono::seconds(row.integer(3))),
                     .expires = WallTime(std::chrono::seconds(row.integer(4))),
                     .uses_left = static_cast<uint32_t>(row.integer(5))};
}

}  // namespace

Status TokenTable::insert(const StoredToken& token) {
  Result<Statement> statement = database_->prepare(
      "insert into join_token (id, secret_hash, identity, created, expires, uses_left) values (?, ?, ?, ?, ?, ?)");
  if (!statement) return fail_with(statement);
  statement->bind_blob(token.id).bind_blob(token.secret_hash).bind(token.identity.to_string());
  return statement->bind(seconds(token.created)).bind(seconds(token.expires)).bind(int64_t{token.uses_left}).run();
}

Result<StoredToken> TokenTable::find(std::string_view id) {
  Result<Statement> statement = database_->prepare(std::string(kSelect) + " where id = ?");
  if (!statement) return fail_with(statement);
  const Result<bool> row = statement->bind_blob(id).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorCode::kNotFound, "there is no such join token");
  return read_row(*statement);
}

Status TokenTable::consume(std::string_view id) {
  Result<Statement> statement =
      database_->prepare("update join_token set uses_left = uses_left - 1 where id = ? and uses_left > 0");
  if (!statement) return fail_with(statement);
  if (Status done = statement->bind_blob(id).run(); !done) return done;
  if (database_->changes() == 0) return fail(ErrorCode::kPermissionDenied, "the join token has been used up");
  return {};
}

Result<bool> TokenTable::revoke(std::string_view id) {
  Result<Statement> statement = database_->prepare("delete from join_token where id = ?");
  if (!statement) return fail_with(statement);
  if (Status done = statement->bind_blob(id).run(); !done) return fail_with(done);
  return database_->changes() != 0;
}

Result<std::vector<StoredToken>> TokenTable::list() {
  Result<Statement> statement = database_->prepare(std::string(kSelect) + " order by id");
  if (!statement) return fail_with(statement);
  std::vector<StoredToken> tokens;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return tokens;
    Result<StoredToken> token = read_row(*statement);
    if (!token) return fail_with(token);
    tokens.push_back(std::move(*token));
  }
}

Result<size_t> TokenTable::sweep(WallTime now) {
  Result<Statement> statement = database_->prepare("delete from join_token where expires <= ? or uses_left = 0");
  if (!statement) return fail_with(statement);
  if (Status done = statement->bind(seconds(now)).run(); !done) return fail_with(done);
  return static_cast<size_t>(database_->changes());
}

}  // namespace ripstop::control
