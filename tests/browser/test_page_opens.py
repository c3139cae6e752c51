"""The page of a real server in a real browser."""

from playwright.sync_api import Page


def test_the_page_opens_without_a_complaint(browser_page: Page):
    """The fixture fails the test if anything is reported as an error in the console."""
    answer = browser_page.goto("/")
    assert answer.ok
    assert "Safelight" in browser_page.title()
