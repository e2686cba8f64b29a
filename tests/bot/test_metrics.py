from bot.metrics import Metrics


def test_two_services_in_one_process_do_not_count_together() -> None:
    one, other = Metrics(), Metrics()
    one.repeats.inc()
    assert "private_sms_repeats_total 1.0" in one.exposition().decode()
    assert "private_sms_repeats_total 0.0" in other.exposition().decode()
