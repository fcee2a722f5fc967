#include "control/store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>

namespace ripstop::control {
namespace {

// SQLite gives its -wal file the mode of the database, so creating that one with 0600 covers both.
Status create_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) {
    return fail_errno("the store " + path + " cannot be opened; check that its folder exists and is writable", errno);
  }
  const int changed = ::fchmod(fd, S_IRUSR | S_IWUSR);
  const int error_number = errno;
  ::close(fd);
  if (changed != 0) return fail_errno("the store " + path + " cannot be made private (mode 0600)", error_number);
  return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::note(int code) {
  if (code != SQLITE_OK && bind_failure_ == SQLITE_OK) bind_failure_ = code;
}

Statement& Statement::bind(int64_t value) {
  note(sqlite3_bind_int64(statement_.get(), ++next_, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind SQL's NULL instead of the empty text.
  const char* begin = text.data() == nullptr ? "" : text.data();
  note(sqlite3_bind_text64(statement_.get(), ++next_, begin, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  const char* begin = bytes.data() == nullptr ? "" : bytes.data();
  note(sqlite3_bind_blob64(statement_.get(), ++next_, begin, bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Result<bool> Statement::step() {
  if (bind_failure_ != SQLITE_OK) return database_->failure(bind_failure_);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->failure(code);
}

Status Statement::run() {
  const Result<bool> stepped = step();
  if (!stepped) return std::unexpected(stepped.error());
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  next_ = 0;
  bind_failure_ = SQLITE_OK;
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::bytes(int column) const {
  const void* begin = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return begin == nullptr ? std::string() : std::string(static_cast<const char*>(begin), static_cast<size_t>(size));
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, std::chrono::milliseconds busy_wait) {
  if (Status created = create_private(path); !created) return fail_with(created);
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  // SQLite hands out a connection even when opening failed; the owner closes it.
  std::unique_ptr<Database> database(new Database(path, handle));
  if (code != SQLITE_OK) return database->failure(code);
  if (Status configured = database->configure(busy_wait); !configured) return fail_with(configured);
  if (Status checked = database->check_pages(); !checked) return fail_with(checked);
  return database;
}

Status Database::configure(std::chrono::milliseconds busy_wait) {
  sqlite3_busy_timeout(handle_, static_cast<int>(busy_wait.count()));
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // The lock makes the cached revision right and a second control plane on the same file impossible. It falls with the
  // process, so a killed one leaves nothing behind.
  return execute(
      "pragma locking_mode = exclusive;"
      "pragma journal_mode = wal;"
      "pragma synchronous = full;"
      "pragma trusted_schema = off;"
      "begin immediate; commit;");
}

Status Database::check_pages() {
  Result<Statement> check = prepare("pragma quick_check(1)");
  if (!check) return fail_with(check);
  Result<bool> row = check->step();
  if (!row) return fail_with(row);
  if (!*row || check->bytes(0) != "ok") return failure(SQLITE_CORRUPT);
  return {};
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return Statement(*this, statement);
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

Result<int64_t> Database::integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return fail_with(statement);
  Result<bool> row = statement->step();
  if (!row) return fail_with(row);
  return *row ? statement->integer(0) : 0;
}

int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}

std::unexpected<Error> Database::failure(int code) const {
  const std::string store = "the store " + path_;
  const std::string reason = std::string(" (") + sqlite3_errstr(code) + ")";
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(ErrorCode::kIo,
                  store + " is damaged or not a database" + reason +
                      "; restore it from a backup, or move it and its -wal file away to start with an empty mesh");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::kUnavailable,
                  store + " is in use by another process" + reason +
                      "; stop the other control plane, or give this one a home of its own",
                  ErrorOrigin::kInternal, Retry::kSafe);
    case SQLITE_FULL:
      return fail(ErrorCode::kIo, store + " cannot grow" + reason + "; free space on its file system");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return fail(ErrorCode::kPermissionDenied,
                  store + " cannot be written" + reason +
                      "; check the owner and the permissions of the file and of its folder");
    case SQLITE_IOERR:
      return fail(ErrorCode::kIo,
                  store + " met an input or output error" + reason + "; check the disk and the system log");
    case SQLITE_NOMEM:
      return fail(ErrorCode::kTooLarge, store + " ran out of memory" + reason);
    default:
      return fail(ErrorCode::kInternal, store + " failed" + reason + ": " + sqlite3_errmsg(handle_));
  }
}

Result<Transaction> Transaction::begin(Database& database) {
  if (Status begun = database.execute("begin immediate"); !begun) return fail_with(begun);
  return Transaction(database);
}

Status Transaction::commit() {
  Status committed = database_->execute("commit");
  if (committed) database_ = nullptr;
  return committed;
}

Transaction::~Transaction() {
  // After some failures SQLite has rolled back by itself; a second rollback is an error without meaning.
  if (database_ != nullptr) std::ignore = database_->execute("rollback");
}

}  // namespace ripstop::control
