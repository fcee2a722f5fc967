#include "control/store/registration_table.h"

namespace ripstop::control {
namespace {

constexpr std::string_view kSelect = "select workload, token, admin_address, process from registration";

StoredRegistration read_row(const Statement& row) {
  return {.workload = row.bytes(0), .token = row.bytes(1), .admin_address = row.bytes(2), .process = row.integer(3)};
}

}  // namespace

Status RegistrationTable::put(const StoredRegistration& registration) {
  Result<Statement> statement = database_->prepare(
      "insert or replace into registration (workload, token, admin_address, process) values (?, ?, ?, ?)");
  if (!statement) return fail_with(statement);
  statement->bind(registration.workload).bind_blob(registration.token).bind(registration.admin_address);
  return statement->bind(registration.process).run();
}

Result<StoredRegistration> RegistrationTable::find(std::string_view workload) {
  Result<Statement> statement = database_->prepare(std::string(kSelect) + " where workload = ?");
  if (!statement) return fail_with(statement);
  const Result<bool> row = statement->bind(workload).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorCode::kNotFound, "the workload " + std::string(workload) + " is not registered");
  return read_row(*statement);
}

Status RegistrationTable::remove(std::string_view workload) {
  Result<Statement> statement = database_->prepare("delete from registration where workload = ?");
  if (!statement) return fail_with(statement);
  return statement->bind(workload).run();
}

Result<std::map<std::string, StoredRegistration>> RegistrationTable::list() {
  Result<Statement> statement = database_->prepare(kSelect);
  if (!statement) return fail_with(statement);
  std::map<std::string, StoredRegistration> all;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return all;
    StoredRegistration registration = read_row(*statement);
    std::string workload = registration.workload;
    all.emplace(std::move(workload), std::move(registration));
  }
}

}  // namespace ripstop::control
