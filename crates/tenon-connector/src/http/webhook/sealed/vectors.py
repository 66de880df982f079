"""The part of vectors.json that lark-oapi 1.7.5 vouches for: it opens and verifies what is written here."""
import base64
import hashlib
import json

from Crypto.Cipher import AES
from lark_oapi.core.log import logger
from lark_oapi.core.model import RawRequest
from lark_oapi.core.utils import AESCipher
from lark_oapi.event.dispatcher_handler import EventDispatcherHandler

KEY, TOKEN, TIMESTAMP, NONCE = "kudryavka", "v-token", "1772330400", "n-1"
logger.disabled = True
event = {"uuid": "u-1", "token": TOKEN, "ts": "1772330400.1", "type": "event_callback", "event": {
    "type": "approval_instance", "app_id": "cli_1", "tenant_key": "t", "approval_code": "A-1", "instance_code": "I-1",
    "status": "APPROVED", "operate_time": "1772330400000", "instance_operate_time": "1772330400000", "uuid": "AP-1"}}


def sealed(message):
    text = json.dumps(message, ensure_ascii=False).encode()
    text += bytes([16 - len(text) % 16]) * (16 - len(text) % 16)
    iv = b"fedcba9876543210"
    body = iv + AES.new(hashlib.sha256(KEY.encode()).digest(), AES.MODE_CBC, iv).encrypt(text)
    encrypt = base64.b64encode(body).decode()
    assert json.loads(AESCipher(KEY).decrypt_str(encrypt)) == message
    return json.dumps({"encrypt": encrypt})


def signed(body):
    return hashlib.sha256((TIMESTAMP + NONCE + KEY).encode() + body.encode()).hexdigest()


def handler():
    seen = []
    builder = EventDispatcherHandler.builder(KEY, TOKEN)
    return builder.register_p1_customized_event("approval_instance", seen.append).build(), seen


def request(body, signature):
    raw = RawRequest()
    raw.uri, raw.body = "/", body.encode()
    raw.headers = {"X-Lark-Request-Timestamp": TIMESTAMP, "X-Lark-Request-Nonce": NONCE, "X-Lark-Signature": signature}
    return raw


body = sealed(event)
dispatcher, seen = handler()
assert dispatcher.do(request(body, signed(body))).status_code == 200 and len(seen) == 1
assert dispatcher.do(request(body, "0" * 64)).status_code != 200 and len(seen) == 1
challenge = sealed({"challenge": "c-1", "token": TOKEN, "type": "url_verification"})
answer = dispatcher.do(request(challenge, ""))
assert answer.status_code == 200
print(json.dumps({"key": KEY, "token": TOKEN, "timestamp": TIMESTAMP, "nonce": NONCE, "body": body, "signature": signed(body),
                  "challenge": challenge, "answer": answer.content.decode()}))
