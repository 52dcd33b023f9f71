#include "smtpd/sasl/password.hpp"

#include "base/text.hpp"
#include "smtpd/sasl/prepare.hpp"

namespace grapnel::sasl {

namespace {

Step ask_about(std::string_view user, std::string_view password)
{
    auto name = prepare_name(user);
    if (!name || password.empty() || password.find('\0') != std::string_view::npos)
        return Step::malformed();
    return Step::ask(Step::Check::password, std::move(*name), password);
}

}

Step Plain::take(std::string_view response)
{
    const auto other = take_until(response, '\0');
    const auto user = take_until(response, '\0');
    if (!other || !user) return Step::malformed();
    if (!other->empty() && prepare_name(*other) != prepare_name(*user)) return Step::refused();
    return ask_about(*user, response);
}

Step Login::take(std::string_view response)
{
    if (user_) return ask_about(*user_, response);
    user_ = std::string(response);
    return Step::challenge("Password:");
}

}
