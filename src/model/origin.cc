#include "model/origin.h"

namespace ripstop::model {

std::string Origin::to_string() const {
  std::string text = kind + " " + (ns.empty() ? name : ns + "/" + name);
  std::string where = file;
  if (!file.empty() && line != 0) where += ":" + std::to_string(line);
  if (!field.empty()) where += (where.empty() ? "" : ", ") + field;
  if (!where.empty()) text += " (" + where + ")";
  return text;
}

}  // namespace ripstop::model
