// Runs a program that was made for sendmail as a delivery agent: "%u" and others in its arguments
// become parts of the address. qsmhook(1).
#include "base/arguments.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/feed.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"

using namespace grapnel;

namespace {

constexpr const char* incorrect_usage = "fatal: incorrect usage";

struct Delivery {
    std::string sender, host, recipient;
};

std::string filled_in(std::string_view word, const Delivery& delivery)
{
    std::string result;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] != '%') {
            result += word[i];
            continue;
        }
        const char letter = ++i < word.size() ? word[i] : '\0';
        if (letter == '%') result += '%';
        if (letter == 'g') result += delivery.sender;
        if (letter == 'h') result += delivery.host;
        if (letter == 'u') result += delivery.recipient;
    }
    return result;
}

int run_mailer(const std::vector<std::string>& words)
{
    const auto environment = Environment::of_process();
    const auto required = [&](const char* name) {
        const auto value = environment.get(name);
        if (!value) throw Stop{100, incorrect_usage};
        return *value;
    };
    const std::string delivered_to = required("DTLINE"), return_path = required("RPLINE"),
                      from = required("UFLINE");
    Delivery delivery;
    delivery.recipient = required("LOCAL");
    delivery.host = required("HOST");
    delivery.sender = required("SENDER");

    bool with_from = true, with_return_path = false, with_delivered_to = false;
    Arguments arguments(words, "DFlMmnPsx:");   // those not below mean nothing here
    while (const auto letter = arguments.next()) {
        if (*letter == 'l') with_delivered_to = true;
        if (*letter == 'n') with_from = false;
        if (*letter == 'P') with_return_path = true;
        if (*letter == 'x' && starts_with_ignoring_case(delivery.recipient, arguments.value()))
            delivery.recipient.erase(0, arguments.value().size());
        if (*letter == '?') {
            log_line(2, arguments.complaint());
            throw Stop{100};
        }
    }
    auto command = arguments.rest();
    if (command.empty()) throw Stop{100, incorrect_usage};
    for (auto& word : command) word = filled_in(word, delivery);
    return feed({command, "qsmhook",
                 (with_from ? from : "") + (with_return_path ? return_path : "") +
                     (with_delivered_to ? delivered_to : ""),
                 100});
}

}

int main(int count, char** words)
{
    return run("qsmhook", [&] { return run_mailer(argument_words(count, words)); });
}
