// Makes vectors.json with other people's implementations of the platforms' envelopes:
//   npm install @wecom/crypto@1.0.1 dingtalk-encrypt@1.2.3
//   pip install lark-oapi==1.7.5 pycryptodome
//   node vectors.mjs > vectors.json
// Every key is made up. WeCom's envelopes are written by its package; DingTalk's are of the same make and
// opened again by the package for DingTalk; Feishu's come from vectors.py, which this runs.
import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
const require = createRequire(import.meta.url);
const wecom = require('@wecom/crypto');
const DingTalkEncryptor = require('dingtalk-encrypt');

// The last character holds bits that stand for nothing; strict readers of base64 refuse it.
const key = 'abcdefghijABCDEFGHIJ0123456789klmnoKLMNO98Z';
const timestamp = '1772330400', nonce = '1372623149', token = 'QDG6eK';
const seal = (message, id) => {
  const encrypt = wecom.encrypt(key, message, id, Buffer.from('0123456789abcdef'));
  return { encrypt, signature: wecom.getSignature(token, timestamp, nonce, encrypt) };
};
const event = '<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1772330400</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[sys_approval_change]]></Event><AgentID>3010040</AgentID><ApprovalInfo><SpNo>202603010001</SpNo><SpName><![CDATA[请购]]></SpName><SpStatus>2</SpStatus><TemplateId><![CDATA[T1]]></TemplateId><StatuChangeEvent>2</StatuChangeEvent></ApprovalInfo></xml>';
const change = JSON.stringify({ EventType: 'bpms_instance_change', EventTime: 1772330400000, CorpId: 'ding1', eventId: 'e-1', processInstanceId: 'P-1', processCode: 'PROC-1', type: 'finish', result: 'agree' });
const dingtalk = new DingTalkEncryptor(token, key, 'dingkey1');
const ding = (message) => {
  const sealed = seal(message, 'dingkey1');
  if (dingtalk.getDecryptMsg(sealed.signature, timestamp, nonce, sealed.encrypt) !== message) throw new Error(message);
  return sealed;
};
const python = JSON.parse(execFileSync(process.env.PYTHON ?? 'python3', [new URL('vectors.py', import.meta.url).pathname], { encoding: 'utf8' }));
console.log(JSON.stringify({
  key, token, timestamp, nonce,
  wecom: { receiver: 'ww1', event, sealed: seal(event, 'ww1'), echo: seal('7486298402093718', 'ww1'), stranger: seal(event, 'ww2') },
  dingtalk: { receiver: 'dingkey1', event: change, sealed: ding(change), check: ding(JSON.stringify({ EventType: 'check_url' })) },
  feishu: python,
}, null, 1));
