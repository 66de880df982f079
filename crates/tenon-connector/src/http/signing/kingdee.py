"""Makes kingdee.json with Kingdee's own SDK: pip install kingdee.cdp.webapi.sdk==8.2.0; python kingdee.py > kingdee.json

Every id and key is made up. The clock is held, so that the headers can be made again.
"""
import json
import time

time.time = lambda: 1772330400.5
from k3cloud_webapi_sdk.main import K3CloudApiSdk  # noqa: E402

vectors = []
for name, app_id, secret, organization in [
    ("上海工厂", "218464_" + "TWFkZVVwRm9yVGVzdHMrLzAxMjM0NTY3", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", 100),
    ("hub", "123456_" + "A" * 32, "0" * 32, 0),
]:
    api = K3CloudApiSdk("http://erp.example.com/k3cloud")
    api.InitConfig("5f0000000000aa", name, app_id, secret, "http://erp.example.com/k3cloud", lcid=2052, org_num=organization)
    url = "http://erp.example.com/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.Save.common.kdsvc"
    headers = {key.lower(): value for key, value in api.BuildHeader(url).items() if key.lower().startswith("x-")}
    vectors.append({"account": "5f0000000000aa", "user": name, "app_id": app_id, "app_secret": secret,
                    "organization": organization, "url": url, "time": 1772330400, "headers": headers})
print(json.dumps(vectors, ensure_ascii=False, indent=1))
