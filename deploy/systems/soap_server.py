"""A SOAP 1.1 service on spyne: a PDM that is asked for changed bills, and takes notice of what an ERP has.

usage: soap_server.py PORT
"""

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from spyne import Application, Array, ComplexModel, Fault, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

SPACE = "http://pdm.example.com/bom"
PARTS = [
    {"number": f"PT-{index:04}", "name": f"刀头 {index}", "spec": "Ø23 <mm>", "unit": "pcs", "revision": "A"}
    for index in range(1, 251)
]
NOTED = {}


class Part(ComplexModel):
    __namespace__ = SPACE
    number = Unicode
    name = Unicode
    spec = Unicode
    unit = Unicode
    revision = Unicode


class Pdm(ServiceBase):
    @rpc(Integer, Integer, _returns=Array(Part))
    def GetParts(ctx, offset, size):
        return [Part(**part) for part in PARTS[offset : offset + size]]

    @rpc(Unicode, Unicode, _returns=Unicode)
    def NotePart(ctx, number, erp_number):
        if number == "HUGE":
            raise Fault("Client.Refused", "x" * 5_000_000)
        if not number.startswith("PT-"):
            raise Fault("Client.NotFound", f"no part {number}")
        NOTED[number] = erp_number
        return erp_number

    @rpc(Unicode, _returns=Unicode)
    def Noted(ctx, number):
        return NOTED.get(number)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


APPLICATION = Application(
    [Pdm], SPACE, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11()
)
make_server("127.0.0.1", int(sys.argv[1]), WsgiApplication(APPLICATION), handler_class=Quiet).serve_forever()
