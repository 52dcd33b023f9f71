// A scanner whose calls are told to somebody as they went out and came back: for captures, and for
// `qmail-hooks test`.
#pragma once

#include "hooks/scanner/scanner.hpp"

#include <functional>
#include <memory>
#include <string>

namespace grapnel::hooks {

struct RecordedCall {
    std::string scanner = {};
    Stage stage = Stage::data;
    Serialization serialization = Serialization::json;
    std::string request = {};   // the body, its first 4 MiB; "": nothing was sent
    CallOutcome outcome = {};
};

class RecordingScanner final : public Scanner {
public:
    RecordingScanner(std::shared_ptr<Scanner> of, std::function<void(const RecordedCall&)> tell)
        : of_(std::move(of)), tell_(std::move(tell))
    {
    }

    const ScannerSettings& settings() const override { return of_->settings(); }
    std::shared_ptr<const Agreement> agreement() const override { return of_->agreement(); }
    net::asio::awaitable<CallOutcome> call(Stage stage, std::uint64_t message_size, MakeBody body,
                                           std::chrono::milliseconds limit) override;
    void blame() override { of_->blame(); }

private:
    std::shared_ptr<Scanner> of_;
    std::function<void(const RecordedCall&)> tell_;
};

}
