"""Tests of the page to sign in on and of the server's first link."""

from typing import Any

import httpx
from playwright.sync_api import Browser, Page

HTML = {"Accept": "text/html"}


def test_the_first_link_signs_in_and_takes_its_token_out_of_the_address(console: Any, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{console.url}/?token={console.token('viewer')}")
        page.wait_for_selector("main h1")
        page.wait_for_url(f"{console.url}/console/")
        assert page.evaluate("document.cookie").find("bs_") == -1


def test_a_link_that_has_been_revoked_says_so(console: Any, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{console.url}/?token=bw_old")
        assert page.inner_text("[role=alert]") == "This token is unknown or revoked."
        assert page.get_attribute("#token", "aria-invalid") == "true"


def test_a_server_that_does_not_answer_is_no_wrong_token(console: Any, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{console.url}/console/")
        page.route("**/v1/sessions", lambda route: route.abort())
        sign_in(page, console.token("viewer"))
        page.wait_for_selector("[role=alert]:not([hidden])")
        assert page.inner_text("[role=alert]").startswith("The server does not answer.")
        page.unroute("**/v1/sessions")
        sign_in(page, "bw_wrong")
        page.wait_for_function("document.querySelector('[role=alert]').innerText.includes('unknown or revoked')")
        assert page.get_attribute("#token", "aria-describedby") == "hint failed"


def test_signing_in_leads_to_the_page_that_was_asked_for(console: Any, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{console.url}/console/local?from=mail")
        sign_in(page, "bw_wrong")
        page.wait_for_selector("[role=alert]:not([hidden])")
        sign_in(page, console.token("viewer"))
        page.wait_for_url(f"{console.url}/console/local?from=mail")
        assert page.inner_text("main h1") == "Start"


def test_the_whole_link_can_be_pasted(console: Any, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{console.url}/console/")
        sign_in(page, f"{console.url}/?token={console.token('viewer')}")
        page.wait_for_url(f"{console.url}/console/")
        assert page.inner_text("main h1") == "Start"


def test_it_leads_to_no_other_site(console: Any, browser: Browser) -> None:
    for target in ("https://elsewhere.example/console/", "//elsewhere.example/console/", "javascript:alert(1)", "/v1"):
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{console.url}/console/sign-in?next={target}")
            sign_in(page, console.token("viewer"))
            page.wait_for_selector("main h1 >> text=Start")
            page.wait_for_url(lambda url: url.startswith(console.url))
            assert page.url.removeprefix(console.url) == "/console/"


def test_it_speaks_the_browsers_language(console: Any) -> None:
    def page(**headers: str) -> str:
        return httpx.get(f"{console.url}/console/sign-in", headers=headers, trust_env=False).text

    assert '<html lang="ja">' in page(**{"Accept-Language": "ja,en;q=0.5"})
    assert "Iniciar sesión" in page(**{"Accept-Language": "es-CO"})
    assert "Sign in" in page(**{"Accept-Language": "<script>"})
    assert "サインイン" in page(Cookie="boxwright_language=ja")
    assert '<html lang="en">' in page(Cookie='boxwright_language="><script>')


def sign_in(page: Page, token: str) -> None:
    page.fill("#token", token)
    page.press("#token", "Enter")
