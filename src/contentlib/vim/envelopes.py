"""Reads and writes the SOAP envelopes of managed objects: a method with its arguments, its result, or a fault."""

from __future__ import annotations

from lxml import etree

from contentlib.http.message import Response
from contentlib.safe_xml import UnsafeXml, parse
from contentlib.vim import messages
from contentlib.vim.faults import VimFault, invalid_request
from contentlib.vim.values import VIM, XSI_TYPE, Value, write

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XML = "text/xml; charset=utf-8"
_NAMES = {"soapenv": SOAP, "xsd": "http://www.w3.org/2001/XMLSchema", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}


def method_in(body: bytes) -> etree._Element:
    """The element that names the method, in its envelope."""
    try:
        envelope = parse(body)
    except UnsafeXml as error:
        raise invalid_request(messages.INVALID_XML(problem=str(error))) from error
    soap = next((each for each in envelope if each.tag == f"{{{SOAP}}}Body"), None)
    if envelope.tag != f"{{{SOAP}}}Envelope" or soap is None or not len(soap):
        raise invalid_request(messages.NOT_AN_ENVELOPE())
    return soap[0]


def result_of(method: str, value: Value | None, space: str) -> bytes:
    """The response with the result of a method."""
    envelope, body = _envelope()
    response = etree.SubElement(body, f"{{{space}}}{method}Response", nsmap=_default(space))
    write(response, "returnval", value, space)
    return _text(envelope)


def fault_of(fault: VimFault, space: str = VIM) -> Response:
    """HTTP status 500, as SOAP has it; the detail carries its type twice, as clients read either."""
    envelope, body = _envelope()
    element = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(element, "faultcode").text = "ServerFaultCode"
    etree.SubElement(element, "faultstring").text = str(fault)
    detail = etree.SubElement(element, "detail")
    kind = etree.SubElement(detail, f"{{{space}}}{fault.detail.type}Fault", nsmap=_default(space))
    kind.set(XSI_TYPE, fault.detail.type)
    for name, value in fault.detail.fields.items():
        write(kind, name, value, space)
    retry = [] if fault.retry_after is None else [("retry-after", str(fault.retry_after))]
    return Response(500, _text(envelope), XML, retry)


def _envelope() -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_NAMES)
    return envelope, etree.SubElement(envelope, f"{{{SOAP}}}Body")


def _default(space: str) -> dict[str, str]:
    return {None: space}  # type: ignore[dict-item] # so lxml has the namespace without a prefix, its stubs know it not


def _text(envelope: etree._Element) -> bytes:
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
