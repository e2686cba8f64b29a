import json

from bot.fault import Fault, error


def test_a_fault_is_told_by_code_and_message() -> None:
    answer = Fault(409, "no_free_line", "Both are taken.", {"Retry-After": "5"}).answer()
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "5")
    assert json.loads(bytes(answer.body)) == {"error": {"code": "no_free_line", "message": "Both are taken."}}


def test_401_names_the_way_to_show_who_one_is_as_http_wants_it() -> None:
    assert error(401, "unauthorized", "").headers["www-authenticate"] == "Bearer"
    assert "www-authenticate" not in error(403, "api_off", "").headers
