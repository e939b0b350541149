import pytest
from playwright.sync_api import expect
pytestmark = pytest.mark.browser
def test_x(windows, live_shop):
    w = windows()
    w.go("/"); w.shot("front")
    w.sign_in("ida.quillfeather@example.com")
    w.open_chat(); w.shot("chat-open-1280")
    import time
    for text in ["where is my last order?", "cancel it"]:
        t=time.time(); a=w.ask(text); print(text,'->',a.inner_text(), time.time()-t)
    w.shot("card"); print(w.card.inner_text())
    w.confirm(); expect(w.slip).to_be_visible(); print(w.slip.inner_text()); w.shot("slip")
    for text in ["the mug broke, I want my money back"]:
        a=w.ask(text); print(text,'->',a.inner_text())
    w.shot("mug")
    print(w.chat.locator(".chat__ideas").inner_text())
    print(w.violations()); print(w.violations(dark=True)); print(w.overflow())
